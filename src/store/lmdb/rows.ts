/** Reads readings: one key range a type, and all types merged. */
import type { Row, RowQuery } from '../store.js';
import type { Database } from './commit.js';
import { after, type Key, type KeyRange, periodIn, readingKeys, timeIn } from './keys.js';
import { periodNumber, periodText } from './periods.js';
import { decodeReadingValue } from './reading-value.js';

/** Rows read at once, over all types of a query: no read of the database stays open while a reader takes its time. */
const ROWS_AT_ONCE = 512;
const LEAST_AT_ONCE = 8;

export interface NumberedType {
  readonly type: string;
  readonly number: number;
}

/** Rows of one period of these types, merged in the order asked for, without those expired at `now()`. */
export async function* readRows(
  db: Database,
  types: readonly NumberedType[],
  query: RowQuery,
  now: () => number,
): AsyncIterable<Row> {
  const period = periodNumber(query.period);
  const most = Math.max(LEAST_AT_ONCE, Math.floor(ROWS_AT_ONCE / Math.max(1, types.length)));
  const first = Math.max(1, Math.min(query.expected ?? most, most));
  const sources = types.map(({ type, number }) => {
    const range = readingKeys(number, period, query.from, query.to);
    return createSource(db, type, range, query.order, { first, most });
  });
  for (const { type, key, value } of merge(sources, query.order)) {
    const { received, expires, data } = decodeReadingValue(value);
    if (expires !== 0 && expires <= now()) continue;
    yield { type, time: timeIn(key), data, received, ...(query.expires && { expires }) };
  }
}

/** Periods in which the numbers have rows, newest first, found by jumping from one to the next. */
export function periodsOf(db: Database, numbers: readonly number[]): string[] {
  const found = new Set<number>();
  for (const number of numbers) {
    let { start, end } = readingKeys(number);
    for (;;) {
      const [last] = db.getKeys({ start: end, end: start, reverse: true, limit: 1 });
      if (!last || compareKeys(last, start) < 0) break;
      found.add(periodIn(last));
      end = readingKeys(number, periodIn(last)).start;
    }
  }
  return [...found].sort((a, b) => b - a).map(periodText);
}

export function hasRows(db: Database, number: number): boolean {
  return [...db.getKeys({ ...readingKeys(number), limit: 1 })].length > 0;
}

interface Head {
  readonly type: string;
  readonly key: Key;
  readonly value: Buffer;
}

/** A key range read in pieces. */
interface Source {
  readonly head: Head | undefined;
  advance(): void;
}

function createSource(
  db: Database,
  type: string,
  range: KeyRange,
  order: RowQuery['order'],
  { first, most }: { readonly first: number; readonly most: number },
): Source {
  let { start, end } = range;
  let atOnce = first;
  let piece: { key: Key; value: Buffer }[] = [];
  let at = 0;
  let more = true;

  function fill(): void {
    const oldest = order === 'oldest';
    // Backwards LMDB takes its start and not its end; our ranges hold their start and not their end.
    piece = oldest
      ? [...db.getRange({ start, end, limit: atOnce })]
      : [
          ...db.getRange({
            start: end,
            end: start,
            reverse: true,
            exclusiveStart: true,
            inclusiveEnd: true,
            limit: atOnce,
          }),
        ];
    at = 0;
    more = piece.length === atOnce;
    atOnce = Math.min(2 * atOnce, most);
    const last = piece.at(-1);
    if (!last) return;
    if (oldest) start = after(last.key);
    else end = last.key;
  }

  fill();
  return {
    get head() {
      const row = piece[at];
      return row && { type, key: row.key, value: row.value };
    },
    advance() {
      if (++at >= piece.length && more) fill();
    },
  };
}

/** Rows of equal time are in the order of their types, backwards when the newest come first. */
function* merge(sources: Source[], order: RowQuery['order']): Iterable<Head> {
  const sign = order === 'oldest' ? 1 : -1;
  const waiting = sources.filter((source) => source.head);
  const before = (a: Head, b: Head) => sign * (compareTimes(a.key, b.key) || compareTypes(a.type, b.type)) < 0;
  while (waiting.length > 0) {
    let first = 0;
    for (let i = 1; i < waiting.length; i++) {
      const [one, best] = [waiting[i]?.head, waiting[first]?.head];
      if (one && best && before(one, best)) first = i;
    }
    const source = waiting[first];
    if (!source?.head) return;
    yield source.head;
    source.advance();
    if (!source.head) waiting.splice(first, 1);
  }
}

const TIME_AT = 9;

function compareTimes(a: Key, b: Key): number {
  return a.compare(b, TIME_AT, b.length, TIME_AT, a.length);
}

function compareTypes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function compareKeys(a: Key, b: Key): number {
  return Buffer.compare(a, b);
}
