/**
 * The dictionary (id, type) → number that keeps the keys of readings short. A number is given once: the row that
 * says so goes into the same batch as the first reading, and until it is known to be durable into every batch that
 * uses it, so that a batch that fails takes nothing with it that a later one relies on.
 */
import { MAX_ID_BYTES, MAX_TYPE_BYTES, nextNumberKey, numberKey } from './keys.js';

/** Numbers kept in memory; more are read from the database again. */
export const MAX_CACHED_NUMBERS = 100_000;

export interface SeriesNumber {
  readonly number: number;
  /** The key of the dictionary's row, its bytes as characters, until that row is on disk; then null. */
  undurableKey: string | null;
}

export interface SeriesNumbers {
  /** The number of a series that a reading is written to, a new one where there is none. */
  forWriting(id: string, type: string): SeriesNumber;
  /** The number where there is one. */
  find(id: string, type: string): SeriesNumber | undefined;
  /** The rows that have to be in the batch that uses this number: none once they are durable. */
  rowsOf(entry: SeriesNumber): readonly [key: Buffer, value: Buffer][];
  /** Told when a batch with the rows of these numbers is durable. */
  committed(entries: Iterable<SeriesNumber>): void;
}

export function openSeriesNumbers(get: (key: Buffer) => Buffer | undefined): SeriesNumbers {
  let next = get(nextNumberKey)?.readUInt32BE() ?? 1;
  const cache = createNumberCache();
  // Those whose row may not be readable yet. They must never be forgotten, or the series would get a second number.
  const undurable = new Map<string, SeriesNumber>();

  function find(id: string, type: string): SeriesNumber | undefined {
    const cached = cache.get(id, type);
    if (cached) return cached;
    const key = numberKey(id, type);
    const known = undurable.get(textOf(key)) ?? stored(key);
    if (known) cache.set(id, type, known);
    return known;
  }

  function stored(key: Buffer): SeriesNumber | undefined {
    const value = get(key);
    return value && { number: value.readUInt32BE(), undurableKey: null };
  }

  function forWriting(id: string, type: string): SeriesNumber {
    const known = find(id, type);
    if (known) return known;
    if (id.includes('\0')) throw new RangeError(`Invalid id of a series: ${JSON.stringify(id)}, expected no NUL`);
    checkLength('id of a series', id, MAX_ID_BYTES);
    checkLength('type of a reading', type, MAX_TYPE_BYTES);
    if (next > 0xffffffff) throw new RangeError('No number is left for another series');
    const undurableKey = textOf(numberKey(id, type));
    const entry: SeriesNumber = { number: next++, undurableKey };
    undurable.set(undurableKey, entry);
    cache.set(id, type, entry);
    return entry;
  }

  function committed(entries: Iterable<SeriesNumber>): void {
    for (const entry of entries) {
      if (entry.undurableKey !== null) undurable.delete(entry.undurableKey);
      entry.undurableKey = null;
    }
  }

  return {
    forWriting,
    find,
    rowsOf: ({ number, undurableKey }) =>
      undurableKey === null
        ? []
        : [
            [nextNumberKey, u32(next)],
            [Buffer.from(undurableKey, 'latin1'), u32(number)],
          ],
    committed,
  };
}

/** Two generations: when the young one is full it becomes the old one, and what is asked for again moves over. */
function createNumberCache() {
  type Generation = Map<string, Map<string, SeriesNumber>>;
  let young: Generation = new Map();
  let old: Generation = new Map();
  let size = 0;

  function get(id: string, type: string): SeriesNumber | undefined {
    const found = young.get(id)?.get(type);
    if (found) return found;
    const older = old.get(id)?.get(type);
    if (older) set(id, type, older);
    return older;
  }

  function set(id: string, type: string, entry: SeriesNumber): void {
    if (size >= MAX_CACHED_NUMBERS / 2) {
      old = young;
      young = new Map();
      size = 0;
    }
    const types = young.get(id) ?? new Map<string, SeriesNumber>();
    if (types.size === 0) young.set(id, types);
    if (!types.has(type)) size++;
    types.set(type, entry);
  }

  return { get, set };
}

function checkLength(what: string, text: string, most: number): void {
  const bytes = Buffer.byteLength(text);
  if (bytes === 0 || bytes > most) throw new RangeError(`Invalid ${what}: ${bytes} bytes, expected 1 to ${most}`);
}

function textOf(key: Buffer): string {
  return key.toString('latin1');
}

function u32(number: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(number);
  return bytes;
}
