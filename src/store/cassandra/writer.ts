/** Writes batches: grouped by partition, many partitions at once, deletions of readings after what stands before them. */
import { types } from 'cassandra-driver';
import { type DeleteReadings, type ReadingWrite, StoreAway, type TimeUuid, type Write } from '../store.js';
import { createBoundedMap } from './bounded-map.js';
import { type OnLargePartition, type WatchedPartition, watchPartitions } from './partitions.js';
import { MAX_ROWS, type ReadingRow, type ReadingTarget, readingRow, readingTarget, typedId } from './reading-rows.js';
import { MAX_WRITES_UNDER_WAY, type PartitionRequest, type Session } from './session.js';
import { createStamps, type Stamps } from './stamps.js';
import { type Bounds, type PartitionStatement, type Statements, typesId } from './statements.js';

export interface WriterOptions {
  readonly session: Session;
  readonly statements: Statements;
  /** UNIX ms. */
  readonly now: () => number;
  readonly onLargePartition: OnLargePartition;
}

/** Statements, and bytes, that go to one partition in one request. */
export const MAX_BATCH_STATEMENTS = MAX_ROWS;
export const MAX_BATCH_BYTES = 32 * 1_024;
/** Series, types and periods kept in mind, and ms after which their rows of the index are written again. */
const MAX_TARGETS = 100_000;
const INDEXED_FOR = 600_000;
/** Longest time to live that Cassandra takes, in seconds: 20 years. */
const MAX_TTL = 20 * 365 * 86_400;

/** Gives the `write` of the store. */
export function createWriter(options: WriterOptions): (batch: readonly Write[]) => Promise<void> {
  const { session, statements, now } = options;
  const stamps = createStamps(now);
  let targets = createBoundedMap<Target>(MAX_TARGETS);
  /** Of the reading before: those of a device come together. */
  let last: Target | null = null;
  const watch = watchPartitions(options.onLargePartition);

  async function write(batch: readonly Write[]): Promise<void> {
    let gathered = gather(statements);
    for (const one of batch) {
      if (one.write === 'reading') addReading(one, gathered);
      else if (one.write === 'deleteReadings') {
        // It looks for rows, those that are written before it too.
        await flush(gathered);
        gathered = gather(statements);
        await deleteReadings(options, stamps, one);
      } else gathered.add(statements.registry(one, stamps.next()));
    }
    await flush(gathered);
  }

  function addReading(reading: ReadingWrite, gathered: Gathered): void {
    const { id, type, period, data, received, expires } = reading;
    const left = Math.ceil((expires - now()) / 1_000);
    if (expires !== 0 && left <= 0) return;
    const ttl = expires === 0 ? 0 : Math.min(left, MAX_TTL);
    const target = targetOf(id, type, period);
    gathered.addReading(readingRow(target, reading, stamps.ofReading(id, received), ttl));
    if (now() - target.indexedAt > INDEXED_FOR) gathered.addIndex(target, id, type, period);
    watch.grow(target.watched, id, period, target.bytes + data.length);
  }

  function targetOf(id: string, type: string, period: string): Target {
    if (last && last.seriesId === id && last.typeName === type && last.periodName === period) return last;
    last = knownTarget(id, type, period);
    return last;
  }

  function knownTarget(id: string, type: string, period: string): Target {
    const key = `${period} ${type}\0${id}`;
    const known = targets.get(key);
    if (known) return known;
    const target: Target = {
      ...readingTarget(id, type, period),
      seriesId: id,
      typeName: type,
      periodName: period,
      indexedAt: Number.NEGATIVE_INFINITY,
      watched: watch.of(id, period),
    };
    targets.set(key, target);
    return target;
  }

  async function flush(gathered: Gathered): Promise<void> {
    try {
      await atOnce(gathered.requests(), MAX_WRITES_UNDER_WAY, session.writePartition);
    } catch (error) {
      // Nodes that went down may have lost what was not synced yet, and without their index readings are not found.
      targets = createBoundedMap(MAX_TARGETS);
      last = null;
      throw error;
    }
    for (const target of gathered.indexed) target.indexedAt = now();
  }

  return write;
}

export function uuid(time: TimeUuid): types.Uuid {
  return new types.Uuid(Buffer.from(time.buffer, time.byteOffset, time.byteLength));
}

/** Where readings go, with what is known of it. */
interface Target extends ReadingTarget {
  readonly seriesId: string;
  readonly typeName: string;
  readonly periodName: string;
  /** When its rows of the index were written last, UNIX ms. */
  indexedAt: number;
  readonly watched: WatchedPartition;
}

interface Gathered {
  /** Those whose rows of the index are written with it. */
  readonly indexed: ReadonlySet<Target>;
  add(statement: PartitionStatement): void;
  addReading(row: ReadingRow): void;
  addIndex(target: Target, id: string, type: string, period: string): void;
  /** Statements of one partition each, within the bounds of a request, made when they are asked for. */
  requests(): Iterable<PartitionRequest>;
}

function gather(statements: Statements): Gathered {
  const byPartition = new Map<string, PartitionStatement[]>();
  const readings = new Map<ReadingTarget, ReadingRow[]>();
  const indexed = new Set<Target>();

  function add(statement: PartitionStatement): void {
    const others = byPartition.get(statement.partition);
    if (others) others.push(statement);
    else byPartition.set(statement.partition, [statement]);
  }

  function addReading(row: ReadingRow): void {
    const others = readings.get(row.target);
    if (others) others.push(row);
    else readings.set(row.target, [row]);
  }

  function addIndex(target: Target, id: string, type: string, period: string): void {
    if (indexed.has(target)) return;
    indexed.add(target);
    add(statements.indexed(id, '', period));
    add(statements.indexed(id, type, period));
    add(statements.indexed(typesId(id), '', type));
  }

  function* requests(): Iterable<PartitionRequest> {
    for (const all of byPartition.values()) for (const some of pieces(all)) yield { statements: some };
    for (const rows of readings.values()) for (const some of pieces(rows)) yield statements.readings(some, 1);
    for (const rows of ofAllTypes(readings)) for (const some of pieces(rows)) yield statements.readings(some, 0);
  }

  return { indexed, add, addReading, addIndex, requests };
}

/** The rows of each series and period, of all types together. */
function ofAllTypes(readings: ReadonlyMap<ReadingTarget, readonly ReadingRow[]>): Iterable<readonly ReadingRow[]> {
  const bySeries = new Map<string, readonly ReadingRow[]>();
  for (const [{ partition }, rows] of readings) {
    const others = bySeries.get(partition);
    bySeries.set(partition, others ? [...others, ...rows] : rows);
  }
  return bySeries.values();
}

/** Pieces that fit into a request each. */
function* pieces<T extends { readonly bytes: number }>(all: readonly T[]): Iterable<T[]> {
  let piece: T[] = [];
  let bytes = 0;
  for (const one of all) {
    const isFull = piece.length === MAX_BATCH_STATEMENTS || bytes + one.bytes > MAX_BATCH_BYTES;
    if (isFull && piece.length > 0) {
      yield piece;
      piece = [];
      bytes = 0;
    }
    piece.push(one);
    bytes += one.bytes;
  }
  if (piece.length > 0) yield piece;
}

/**
 * The two copies of a reading go one after the other, that of its type last: should it end in between, the rows that
 * say what is to be deleted are still there when it is tried again.
 */
async function deleteReadings(
  { session, statements }: WriterOptions,
  stamps: Stamps,
  { id, type, period, from, to }: DeleteReadings,
): Promise<void> {
  const bounds: Bounds = { from: from && uuid(from), to: to && uuid(to) };
  const source = type === undefined ? id : typedId(id, type);
  const found: { time: unknown; type: string }[] = [];
  const foundTypes = new Set<string>();
  let newest = 0;

  async function deleteFound(): Promise<void> {
    const stamp = stamps.ofDeletion(id, newest);
    const gathered = gather(statements);
    for (const { time, type: of } of found)
      gathered.add(statements.deleteReading(type === undefined ? typedId(id, of) : id, period, time, stamp));
    await atOnce(gathered.requests(), MAX_WRITES_UNDER_WAY, session.writePartition);
    found.length = 0;
  }

  for await (const row of session.read(statements.rows(source, period, bounds, 'newest', 'keys'))) {
    newest = Math.max(newest, Number(row['stamp'] ?? 0));
    const of = type ?? String(row['type'] ?? '');
    foundTypes.add(of);
    found.push({ time: row['time'], type: of });
    if (found.length === MAX_FOUND) await deleteFound();
  }
  if (foundTypes.size === 0) return;
  await deleteFound();
  await session.write(statements.deleteRange(source, period, bounds, stamps.ofDeletion(id, newest)));
}

/** Rows that are deleted one by one before the next ones are looked for. */
const MAX_FOUND = 1_000;

/** Runs a task for each item, at most `most` at once; rejects once those begun have ended, with the gravest error. */
async function atOnce<T>(items: Iterable<T>, most: number, task: (item: T) => Promise<void>): Promise<void> {
  const failures: unknown[] = [];
  const iterator = items[Symbol.iterator]();
  async function worker(): Promise<void> {
    for (let next = iterator.next(); !next.done && failures.length === 0; next = iterator.next()) {
      try {
        await task(next.value);
      } catch (error) {
        failures.push(error);
      }
    }
  }
  await Promise.all(Array.from({ length: most }, worker));
  if (failures.length > 0) throw failures.find((error) => !(error instanceof StoreAway)) ?? failures[0];
}
