import type { Recognition } from '../protocol.js';

/** A line begins with one of a few words; people at a terminal may send line breaks before it. */
export function recognise(first: Uint8Array): Recognition {
  const begin = Buffer.from(first.buffer, first.byteOffset, Math.min(first.byteLength, MAX_WORD + MAX_BREAKS));
  const text = begin.toString('latin1').replace(/^[\r\n]+/, '');
  if (LINE.test(text)) return 'yes';
  return WORDS.some((word) => `${word} `.startsWith(text)) && first.byteLength < MAX_WORD + MAX_BREAKS ? 'more' : 'no';
}

const WORDS = ['ID', 'D', 'E', 'J', 'A', 'B', 'T', 'S', 'C', 'F', 'DB', 'QUIT'];
const LINE = new RegExp(`^(${WORDS.join('|')})[ \\r\\n]`);
/** Longest word with what follows it, and line breaks before it that are taken. */
const MAX_WORD = 5;
const MAX_BREAKS = 64;
