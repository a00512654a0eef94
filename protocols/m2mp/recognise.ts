import type { Recognition } from '../protocol.js';
import { FRAME } from './frames.js';

/** A device says who it is first; some ask or define before, and are told by that. */
export function recognise(first: Uint8Array): Recognition {
  const [type, second, third] = first;
  if (type === FRAME.definition) return second === undefined ? 'more' : 'yes';
  if (type === FRAME.ping) return second === undefined ? 'more' : 'yes';
  if (type !== FRAME.ident) return 'no';
  if (second === undefined || third === undefined) return 'more';
  // The ident is text, of the length before it.
  return second > 0 && third > 0x20 && third < 0x7f ? 'yes' : 'no';
}
