import type { Recognition } from '../protocol.js';

/** Ids of messages of a terminal are below 8000; the six bits behind the length of a plain body tell the rest. */
export function recognise(first: Uint8Array): Recognition {
  const at = first.findIndex((byte) => byte !== END);
  if (first[0] !== END) return 'no';
  if (at === -1) return first.length < MAX_ENDS ? 'more' : 'no';
  const [idHigh = 0, idLow, attributes] = first.subarray(at);
  if (idHigh > MAX_ID_HIGH) return 'no';
  if (idLow === undefined || attributes === undefined) return 'more';
  return (attributes & RESERVED) === 0 ? 'yes' : 'no';
}

const END = 0x7e;
/** Ends of messages that may stand before the first one. */
const MAX_ENDS = 64;
const MAX_ID_HIGH = 0x1f;
/** Bit 15, which is 0 in all versions. */
const RESERVED = 0x80;
