/** Bytes that were not understood, as they are kept. */

/** `{"hex":"…"}` */
export function hexJson(bytes: Uint8Array): string {
  return `{"hex":"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}"}`;
}

/** The type of readings that hold a message whose content does not fit its kind. */
export const INVALID = '_invalid';

/** The type of readings that hold messages of a kind that is not read. */
export function rawType(kind: string): string {
  return `raw:${kind}`;
}
