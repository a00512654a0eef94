/** The ident of a device of this IMEI, or null: it is none. */
export function identOf(imei: string): string | null {
  return /^\d{15}$/.test(imei) ? `imei:${imei}` : null;
}

/** What a device of this ident logs in with. */
export function imeiOf(ident: string): string {
  return ident.replace(/^imei:/, '');
}
