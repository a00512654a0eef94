/** What names and values given for devices may be; what a device itself sends is held to the bounds only. */
import { Refusal } from './refusal.js';

/** Names of settings, status values, listed sensors and firmware, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;
/** A value of a setting or status, in bytes of UTF-8. */
export const MAX_VALUE_BYTES = 65_536;

/** What keeps a text that a device sent from being kept as a name, or null. */
export function nameProblem(what: string, name: string): string | null {
  const bytes = Buffer.byteLength(name);
  if (bytes >= 1 && bytes <= MAX_NAME_BYTES && !LONE_SURROGATE.test(name)) return null;
  return `Invalid ${what}: ${shown(name)} of ${bytes} bytes, expected 1 to ${MAX_NAME_BYTES} of UTF-8`;
}

/** What keeps a text that a device sent from being kept as a value, or null. */
export function valueProblem(what: string, value: string): string | null {
  const bytes = Buffer.byteLength(value);
  if (bytes <= MAX_VALUE_BYTES && !LONE_SURROGATE.test(value)) return null;
  return `Invalid ${what}: ${bytes} bytes, expected at most ${MAX_VALUE_BYTES} of UTF-8`;
}

/** Throws a `Refusal` where an operator's text cannot be written as one field of a line, as all protocols can. */
export function checkWord(what: string, text: string, field = 'name'): void {
  refuse(nameProblem(what, text), field);
  if (NO_WORD.test(text))
    refuse(`Invalid ${what}: ${shown(text)}, expected no space, =, or control character in it`, field);
}

/** Throws a `Refusal` where an operator's text is not one line. */
export function checkLine(what: string, text: string, field = 'value'): void {
  refuse(valueProblem(what, text), field);
  if (NO_LINE.test(text)) refuse(`Invalid ${what}: ${shown(text)}, expected one line of text`, field);
}

/** Throws a `Refusal` where an operator's text is no name for people to read. */
export function checkTitle(what: string, text: string, field = 'name'): void {
  refuse(nameProblem(what, text), field);
  if (NO_TITLE.test(text) || text.trim() !== text)
    refuse(`Invalid ${what}: ${shown(text)}, expected no control character, and no space at its ends`, field);
}

export function shown(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NO_WORD = /[\s=\u0000-\u001f\u007f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NO_LINE = /[\r\n\u0000]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const NO_TITLE = /[\u0000-\u001f\u007f]/;
/** Half a character: what no UTF-8 can hold. */
const LONE_SURROGATE = /\p{Surrogate}/u;

function refuse(problem: string | null, field: string): void {
  if (problem !== null) throw new Refusal('invalid', problem, field);
}
