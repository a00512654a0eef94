/** Bytes ↔ text and JSON. Bytes that are not UTF-8 are never mangled: they stay hex. */

// A byte order mark is part of what the device sent, so it is kept.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, or null: these bytes are not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** A JSON string of the text; where it is `raw`, its characters being bytes that are no UTF-8, `{"hex":"…"}`. */
export function jsonOf(text: string, raw: boolean): string {
  if (raw) return `{"hex":"${Buffer.from(text, 'latin1').toString('hex')}"}`;
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/** ASCII that JSON does not escape: nearly every value is. */
const PLAIN = /^[ !#-[\]-~]*$/;
