/** Bytes ↔ text and JSON. Bytes that are not UTF-8 are never mangled: they stay hex. */

// A byte order mark is part of what the device sent, so it is kept.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The text, or null: these bytes are not UTF-8. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    return utf8.decode(bytes);
  } catch {
    return null;
  }
}

/** A JSON string of the text from `start` to `end`, or `{"hex":"…"}` where it is not UTF-8. */
export function jsonOf(bytes: Buffer, start: number, end: number): string {
  if (isPlain(bytes, start, end)) return `"${bytes.toString('latin1', start, end)}"`;
  const text = textOf(bytes.subarray(start, end));
  return text === null ? hexJson(bytes, start, end) : JSON.stringify(text);
}

/** A JSON array with one value for each element. */
export function jsonOfElements(elements: readonly Buffer[]): string {
  return `[${elements.map((element) => jsonOf(element, 0, element.length)).join(',')}]`;
}

/** `{"hex":"…"}` */
export function hexJson(bytes: Buffer, start: number, end: number): string {
  return `{"hex":"${bytes.toString('hex', start, end)}"}`;
}

/** Whether all of it is ASCII that JSON does not escape: nearly every value is. */
function isPlain(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === QUOTE || byte === BACKSLASH) return false;
  }
  return true;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
