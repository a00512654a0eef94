/** JSON that came from devices: text in the store, a value in the API. */

/** Levels of nesting at the most: more would be a burden to whoever reads it. */
export const MAX_DEPTH = 500;

/** The value of JSON text that was stored. Text that is none, or is nested too deeply, is given as a string. */
export function jsonOf(text: string): unknown {
  if (nestsTooDeeply(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The text of a value, or null: it is nested too deeply. */
export function jsonText(value: unknown): string | null {
  try {
    const text = JSON.stringify(value);
    return nestsTooDeeply(text) ? null : text;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A value as JSON on one line that steers no terminal and is the same value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replace(STEERING, (char) =>
    [...Array(char.length).keys()].map((i) => `\\u${char.charCodeAt(i).toString(16).padStart(4, '0')}`).join(''),
  );
}

/** What would steer a terminal: C0, C1, DEL, bidirectional marks and line separators. */
export const STEERING = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

function nestsTooDeeply(text: string): boolean {
  if (text.length <= 2 * MAX_DEPTH) return false;
  let depth = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (quoted) {
      if (char === BACKSLASH) i++;
      else if (char === QUOTE) quoted = false;
    } else if (char === QUOTE) quoted = true;
    else if (char === OPEN_ARRAY || char === OPEN_OBJECT) {
      if (++depth > MAX_DEPTH) return true;
    } else if (char === CLOSE_ARRAY || char === CLOSE_OBJECT) depth--;
  }
  return false;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
