/** Reads several series as one: readings of many ids and types in one order, in batches between which others get a turn. */
import { setImmediate as turn } from 'node:timers/promises';
import type { Row, Store, TimeUuid } from '../store/store.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { SeriesError } from './errors.js';
import { createHeap } from './heap.js';
import { readSeries } from './read.js';
import type { Reading } from './series.js';
import { compareTimeUuids, formatUuid, uuidTime } from './time-uuid.js';

/** Series times types that are read at once at the most. */
export const MAX_SOURCES = 200;
/** Readings of a batch at the most: what is done between two turns of the event loop. */
export const BATCH = 256;

export interface ManyQuery {
  readonly ids: readonly string[];
  /** None: all types. */
  readonly types: readonly string[];
  /** UNIX ms, inclusive. */
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly order: 'newest' | 'oldest';
  /** What comes after it. */
  readonly after?: ManyPosition | undefined;
  /** How many readings are likely to be taken; undefined: many. */
  readonly expected?: number | undefined;
}

/** A place in the order of many series: by time, then by id, then by type. */
export interface ManyPosition {
  readonly time: TimeUuid;
  readonly id: string;
  readonly type: string;
}

/** A reading and where it is. */
export interface ManyReading extends Reading {
  /** Of its series. */
  readonly id: string;
}

/** Batches of at least one reading; before each one the event loop had a turn. Throws `SeriesError` on too many sources. */
export async function* readMany(store: Store, query: ManyQuery): AsyncIterable<readonly ManyReading[]> {
  for await (const rows of mergedBatches(store, query)) yield rows.map(toReading);
}

/** The cursor for what comes after a position, for `of`: what the query asks. */
export function cursorAfter(
  of: readonly unknown[],
  order: ManyQuery['order'],
  { time, id, type }: ManyPosition,
): string {
  return encodeCursor({ id: JSON.stringify(of), order }, { time, type: `${id}\0${type}` });
}

/** Throws `SeriesError` `invalid_cursor` on what `cursorAfter` did not make for the same query. */
export function positionOf(of: readonly unknown[], order: ManyQuery['order'], cursor: string): ManyPosition {
  const { time, type: both } = decodeCursor({ id: JSON.stringify(of), order }, cursor);
  const nul = both.indexOf('\0');
  return { time, id: both.slice(0, nul), type: both.slice(nul + 1) };
}

/** Negative: `a` comes first. */
export function comparePositions(a: ManyPosition, b: ManyPosition, order: ManyQuery['order']): number {
  const compared = compareTimeUuids(a.time, b.time) || compareTexts(a.id, b.id) || compareTexts(a.type, b.type);
  return order === 'oldest' ? compared : -compared;
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function toReading({ id, type, time, data, received }: ManyRow): ManyReading {
  return { id, uuid: formatUuid(time), type, time: uuidTime(time), data, received };
}

interface ManyRow extends Row {
  readonly id: string;
}

async function* mergedBatches(store: Store, query: ManyQuery): AsyncIterable<ManyRow[]> {
  const { order, after, expected } = query;
  const ids = [...new Set(query.ids)];
  const types = query.types.length > 0 ? [...new Set(query.types)] : [undefined];
  if (ids.length * types.length > MAX_SOURCES) {
    const many = `${ids.length} series of ${types.length} types`;
    throw new SeriesError('invalid_type', `${many} are over the ${MAX_SOURCES} that are read at once`);
  }
  const bounds = withBounds(query);
  const share = expected === undefined ? undefined : Math.ceil(expected / (ids.length * types.length));
  const sources = ids.flatMap((id) =>
    types.map((type) =>
      batches(
        id,
        readSeries(store, { id, type, ...bounds, order, after: undefined, expected: share }),
        order,
        after,
        share ?? BATCH,
      ),
    ),
  );
  const [only] = sources;
  if (sources.length === 1 && only) yield* only;
  else yield* merged(sources, order);
}

/** What a position leaves of the range, to a millisecond. */
function withBounds({ from, to, order, after }: ManyQuery): { from: number | undefined; to: number | undefined } {
  if (!after) return { from, to };
  const time = uuidTime(after.time);
  return order === 'oldest' ? { from: Math.max(from ?? time, time), to } : { from, to: Math.min(to ?? time, time) };
}

async function* batches(
  id: string,
  rows: AsyncIterable<Row>,
  order: ManyQuery['order'],
  after: ManyPosition | undefined,
  first: number,
): AsyncGenerator<ManyRow[]> {
  let batch: ManyRow[] = [];
  let looked = 0;
  let size = Math.max(1, Math.min(first, BATCH));
  for await (const { type, time, data, received } of rows) {
    const row = { id, type, time, data, received };
    if (!after || comparePositions(row, after, order) > 0) batch.push(row);
    if (++looked < size) continue;
    looked = 0;
    size = Math.min(2 * size, BATCH);
    await turn();
    if (batch.length > 0) yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

interface Source {
  readonly rest: AsyncGenerator<ManyRow[]>;
  batch: readonly ManyRow[];
  at: number;
  head: ManyRow;
}

async function* merged(all: readonly AsyncGenerator<ManyRow[]>[], order: ManyQuery['order']): AsyncIterable<ManyRow[]> {
  try {
    const heap = createHeap<Source>((a, b) => comparePositions(a.head, b.head, order));
    for (const rest of all) {
      const { value: batch } = await rest.next();
      const head = batch?.[0];
      if (batch && head) heap.add({ rest, batch, at: 0, head });
    }
    let batch: ManyRow[] = [];
    for (let source = heap.first; source; source = heap.first) {
      batch.push(source.head);
      if (await advance(source)) heap.firstChanged();
      else heap.removeFirst();
      if (batch.length < BATCH) continue;
      await turn();
      yield batch;
      batch = [];
    }
    if (batch.length > 0) yield batch;
  } finally {
    await Promise.all(all.map((one) => one.return(undefined)));
  }
}

/** Whether there is a next row. */
async function advance(source: Source): Promise<boolean> {
  let next = source.batch[++source.at];
  if (!next) {
    const { value: batch } = await source.rest.next();
    if (!batch) return false;
    source.batch = batch;
    source.at = 0;
    next = batch[0];
  }
  if (!next) return false;
  source.head = next;
  return true;
}
