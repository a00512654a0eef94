import type { Recognition } from '../protocol.js';

/** Two equal bytes, 78 or 79, begin every frame. */
export function recognise(first: Uint8Array): Recognition {
  const [one, two] = first;
  if (one !== 0x78 && one !== 0x79) return 'no';
  if (two === undefined) return 'more';
  return two === one ? 'yes' : 'no';
}
