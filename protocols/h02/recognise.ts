import type { Recognition } from '../protocol.js';

/** `*`, up to four letters of a maker and a comma; or `$` and digits in half bytes. */
export function recognise(first: Uint8Array): Recognition {
  const [start] = first;
  if (start === 0x2a) {
    const maker = Buffer.from(first.subarray(1, 6)).toString('latin1');
    if (/^[A-Z0-9]{1,4},/.test(maker)) return 'yes';
    return /^[A-Z0-9]{0,4}$/.test(maker) ? 'more' : 'no';
  }
  if (start !== 0x24) return 'no';
  const digits = first.subarray(1, 1 + DIGIT_BYTES);
  if (digits.some((byte) => byte >> 4 > 9 || (byte & 0x0f) > 9)) return 'no';
  return digits.length < DIGIT_BYTES ? 'more' : 'yes';
}

/** Bytes of a packet's id, time and date. */
const DIGIT_BYTES = 11;
