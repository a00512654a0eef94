/** Reads a series as one, whatever periods it lies in: months one after the other, a month merged with its days. */
import type { Row, RowQuery, Store, TimeUuid } from '../store/store.js';
import type { Position } from './cursor.js';
import { monthsOf } from './periods.js';
import { compareTimeUuids, highestAt, lowestAt, MAX_TIME, MIN_TIME, uuidTime } from './time-uuid.js';

export interface SeriesRange {
  readonly id: string;
  readonly type: string | undefined;
  /** UNIX ms, inclusive. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly order: 'newest' | 'oldest';
  readonly after: Position | undefined;
  /** How many rows are likely to be taken; undefined: many. */
  readonly expected: number | undefined;
}

/** Rows in order; one that lies in a month's period and in a day's is given once. */
export async function* readSeries(store: Store, range: SeriesRange): AsyncIterable<Row> {
  const { id, type, order, after, expected } = range;
  const oldest = order === 'oldest';
  const from = oldest && after ? later(range.from, uuidTime(after.time)) : range.from;
  const to = !oldest && after ? earlier(range.to, uuidTime(after.time)) : range.to;
  if (from !== undefined && to !== undefined && from > to) return;
  const bounds = { from: lowest(from), to: highest(to) };

  const months = monthsOf(await store.periods(id, type), from, to);
  for (const { month, whole, days } of oldest ? months : months.reverse()) {
    const rowsOf = (period: string) => store.rows({ id, type, period, order, expected, ...bounds });
    const inMonth = whole ? rowsOf(month) : undefined;
    const inDays = days.length > 0 ? concatenated(oldest ? days : [...days].reverse(), rowsOf) : undefined;
    const rows = inMonth && inDays ? merged(inMonth, inDays, order) : (inMonth ?? inDays ?? []);
    for await (const row of rows) {
      if (!after || compareRows(row, after, order) > 0) yield row;
    }
  }
}

/** Negative: `a` comes first. Rows of equal time are in the order of their types. */
function compareRows(a: Position, b: Position, order: RowQuery['order']): number {
  const sign = order === 'oldest' ? 1 : -1;
  return sign * (compareTimeUuids(a.time, b.time) || (a.type === b.type ? 0 : bytesCompared(a.type, b.type)));
}

function bytesCompared(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function* concatenated(periods: readonly string[], rowsOf: (period: string) => AsyncIterable<Row>) {
  for (const period of periods) yield* rowsOf(period);
}

async function* merged(a: AsyncIterable<Row>, b: AsyncIterable<Row>, order: RowQuery['order']): AsyncIterable<Row> {
  const [left, right] = [a[Symbol.asyncIterator](), b[Symbol.asyncIterator]()];
  try {
    let [one, other] = [await left.next(), await right.next()];
    while (!one.done || !other.done) {
      const compared = one.done ? 1 : other.done ? -1 : compareRows(one.value, other.value, order);
      yield compared <= 0 ? one.value : other.value;
      if (compared <= 0) one = await left.next();
      if (compared >= 0) other = await right.next();
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()]);
  }
}

function later(from: number | undefined, time: number): number {
  return from === undefined ? time : Math.max(from, time);
}

function earlier(to: number | undefined, time: number): number {
  return to === undefined ? time : Math.min(to, time);
}

/** The least time UUID of a bound in UNIX ms; undefined: no bound. */
export function lowest(from: number | undefined): TimeUuid | undefined {
  return from === undefined || from < MIN_TIME ? undefined : lowestAt(Math.min(Math.ceil(from), MAX_TIME + 1));
}

export function highest(to: number | undefined): TimeUuid | undefined {
  return to === undefined || to > MAX_TIME ? undefined : highestAt(Math.max(Math.floor(to), MIN_TIME));
}
