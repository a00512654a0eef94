/** Whether bytes that came are what a payload with wildcards says. */
import type { Part } from './session-file.js';

export type Match =
  /** All parts were found; the payload ends at `end`. */
  | { readonly found: 'whole'; readonly end: number }
  /** All that came so far fits. */
  | { readonly found: 'part' }
  /** The byte at `at` does not fit. */
  | { readonly found: 'other'; readonly at: number };

/** Compares a payload with the bytes from `start` on. */
export function matchParts(parts: readonly Part[], bytes: Buffer, start: number): Match {
  let at = start;
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined) break;
    if (part.part === 'anyByte') {
      if (at >= bytes.length) return { found: 'part' };
      at++;
    } else if (part.part === 'anyRun') {
      // The parser sees to it that bytes follow.
      const next = parts[index + 1];
      const place = next?.part === 'bytes' ? bytes.indexOf(next.bytes, at) : at;
      if (place === -1) return { found: 'part' };
      at = place;
    } else {
      for (const byte of part.bytes) {
        if (at >= bytes.length) return { found: 'part' };
        if (bytes[at] !== byte) return { found: 'other', at };
        at++;
      }
    }
  }
  return { found: 'whole', end: at };
}
