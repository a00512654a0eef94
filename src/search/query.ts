/**
 * What is searched for, as people write it: words that occur in a device's ident, its name or a value of its settings;
 * `interval=60`, a setting; `near:48.85,2.35,5`, the kilometres around a point; `silent:1d`, for how long nothing came.
 * All of it must hold; what has spaces is put in double quotes.
 */
import { parseSeconds } from './seconds.js';

export interface DeviceSearch {
  /** In lower case. */
  readonly words: readonly string[];
  readonly settings: readonly { readonly name: string; readonly value: string }[];
  readonly near: readonly Near[];
  /** Milliseconds for which nothing came, at the least; null: that does not matter. */
  readonly silent: number | null;
}

export interface Near {
  /** Degrees. */
  readonly lat: number;
  readonly lon: number;
  readonly kilometres: number;
}

/** What is wrong with it, for a person. */
export class SearchSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SearchSyntaxError';
  }
}

/** Parts of a query at the most. */
export const MAX_PARTS = 20;
/** What `near` takes where it names no distance. */
const DEFAULT_KILOMETRES = 10;
/** Half the way round the earth. */
const MAX_KILOMETRES = 20_038;

/** Throws `SearchSyntaxError`. */
export function parseSearch(text: string): DeviceSearch {
  const words: string[] = [];
  const settings: { name: string; value: string }[] = [];
  const near: Near[] = [];
  let silent: number | null = null;
  const parts = text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  if (parts.length > MAX_PARTS) throw new SearchSyntaxError(`${parts.length} parts, at most ${MAX_PARTS} are taken`);
  for (const quoted of parts) {
    const part = quoted.replaceAll('"', '');
    const equals = part.indexOf('=');
    if (part === '') continue;
    if (part.startsWith('near:')) near.push(parseNear(part.slice(5)));
    else if (part.startsWith('silent:')) silent = Math.max(silent ?? 0, parseSilent(part.slice(7)));
    else if (equals > 0) settings.push({ name: part.slice(0, equals), value: part.slice(equals + 1) });
    else words.push(part.toLowerCase());
  }
  return { words, settings, near, silent };
}

function parseNear(text: string): Near {
  const [lat = Number.NaN, lon = Number.NaN, kilometres = DEFAULT_KILOMETRES, ...others] = text
    .split(',')
    .map((number) => (number.trim() === '' ? Number.NaN : Number(number)));
  const isRight = Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && kilometres > 0 && kilometres <= MAX_KILOMETRES;
  if (!isRight || others.length > 0)
    throw new SearchSyntaxError(
      `near:${text} is not valid, it takes near:LATITUDE,LONGITUDE or near:LATITUDE,LONGITUDE,KILOMETRES`,
    );
  return { lat, lon, kilometres };
}

function parseSilent(text: string): number {
  const seconds = parseSeconds(text);
  if (seconds === null)
    throw new SearchSyntaxError(`silent:${text} is not valid, it takes a number and s, m, h or d, such as silent:1d`);
  return seconds * 1_000;
}
