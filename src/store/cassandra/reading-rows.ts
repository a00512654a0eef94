/** Readings on their way into the two partitions of each, as the driver puts them on the wire. */
import type { ReadingWrite } from '../store.js';
import type { PartitionRequest, Statement } from './session.js';

/** What a statement takes besides its values, in bytes. */
export const OVERHEAD = 64;

/** Id of the partition of `timeseries` that holds one type of a series. */
export function typedId(id: string, type: string): string {
  return `${id}!${type}`;
}

/**
 * Where the readings of one series, type and period go, as the driver puts it on the wire: what they share is encoded
 * once, and each reading's own once for both of its rows.
 */
export interface ReadingTarget {
  /** Ids of the partition of all types, and of that of its own. */
  readonly ids: readonly [Buffer, Buffer];
  /** Which partition the former is, as a text. */
  readonly partition: string;
  readonly period: Buffer;
  readonly type: Buffer;
  /** What each row of it takes besides its data. */
  readonly bytes: number;
}

export function readingTarget(id: string, type: string, period: string): ReadingTarget {
  return {
    ids: [Buffer.from(id), Buffer.from(typedId(id, type))],
    partition: seriesPartition(id, period),
    period: Buffer.from(period),
    type: Buffer.from(type),
    bytes: id.length + 2 * type.length,
  };
}

/** A reading on its way, as both of its rows have it. */
export interface ReadingRow {
  readonly target: ReadingTarget;
  readonly time: Buffer;
  readonly data: Buffer;
  /** UNIX µs. */
  readonly stamp: number;
  /** Seconds, 0: for ever. */
  readonly ttl: number;
  /** What each of its rows takes. */
  readonly bytes: number;
}

export function readingRow(target: ReadingTarget, write: ReadingWrite, stamp: number, ttl: number): ReadingRow {
  const data = Buffer.from(write.data);
  // A copy into what Node.js keeps for small buffers: a view would move the bytes out of the heap, which takes longer.
  return { target, time: Buffer.from(write.time), data, stamp, ttl, bytes: OVERHEAD + target.bytes + data.length };
}

export function seriesPartition(id: string, period: string): string {
  return `series ${period} ${id}`;
}

/** Rows of one request at the most. */
export const MAX_ROWS = 128;
/**
 * Numbers of rows that there is a statement for. Every node prepares and keeps each of them, so there are some only: of
 * other numbers the last row is said again until there are as many, which changes nothing.
 */
const COUNTS: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, MAX_ROWS];
/** Values of a row. */
const COLUMNS = 5;

/**
 * Gives the request for the rows of some readings, `MAX_ROWS` at the most, in one of the partitions of their targets (0: all
 * types, 1: theirs). Where all live for ever and have one stamp, as those that came in one piece do, that stamp is the
 * request's, and they are one statement: it costs the driver half of what a batch of statements does, and Cassandra less
 * too.
 */
export function readingRequests(table: string): (rows: readonly ReadingRow[], place: 0 | 1) => PartitionRequest {
  const insert = `INSERT INTO ${table} (id, date, time, type, data) VALUES (?, ?, ?, ?, ?) USING`;
  const dated = `${insert} TIMESTAMP ? AND TTL ?`;
  const plain = COUNTS.map((count) => ({ count, query: insertsOf(`${insert} TTL 0`, count) }));

  function plainStatement(rows: readonly ReadingRow[], place: 0 | 1): Statement {
    const params = rows.flatMap((row) => valuesOf(row, place));
    const { count, query } = plain.find(({ count }) => count >= rows.length) ?? tooMany(rows.length);
    const last = params.slice(-COLUMNS);
    for (let said = rows.length; said < count; said++) params.push(...last);
    return { query, params };
  }

  return (rows, place) => {
    const stamp = rows[0]?.stamp;
    if (rows.every((row) => row.stamp === stamp && row.ttl === 0))
      return { statements: [plainStatement(rows, place)], stamp };
    return {
      statements: rows.map((row) => ({
        query: dated,
        params: [...valuesOf(row, place), bigint(row.stamp), row.ttl === 0 ? NO_TTL : int(row.ttl)],
      })),
    };
  };
}

function valuesOf({ target, time, data }: ReadingRow, place: 0 | 1): unknown[] {
  return [target.ids[place], target.period, time, target.type, data];
}

function insertsOf(insert: string, count: number): string {
  if (count === 1) return insert;
  return `BEGIN UNLOGGED BATCH ${Array.from({ length: count }, () => insert).join('; ')}; APPLY BATCH`;
}

function tooMany(count: number): never {
  throw new RangeError(`${count} rows in one request, expected at most ${MAX_ROWS}`);
}

const NO_TTL = Buffer.alloc(4);

function bigint(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
}

function int(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32BE(value);
  return bytes;
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
