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

/**
 * The rows of some readings in one of the partitions of their targets (0: all types, 1: theirs). Where all live for ever
 * and have one stamp, as those that came in one piece do, that stamp is the request's, and they are one statement: it
 * costs the driver half of what a batch of statements does, and Cassandra less too.
 */
export function readingRequest(table: string, rows: readonly ReadingRow[], place: 0 | 1): PartitionRequest {
  const insert = `INSERT INTO ${table} (id, date, time, type, data) VALUES (?, ?, ?, ?, ?) USING`;
  const stamp = rows[0]?.stamp;
  const isPlain = rows.every((row) => row.stamp === stamp && row.ttl === 0);
  if (isPlain) return { statements: [insertOf(`${insert} TTL 0`, rows, place)], stamp };
  const query = `${insert} TIMESTAMP ? AND TTL ?`;
  const statements = rows.map(({ target, time, data, ttl, stamp: own }) => {
    const params = [
      target.ids[place],
      target.period,
      time,
      target.type,
      data,
      bigint(own),
      ttl === 0 ? NO_TTL : int(ttl),
    ];
    return { query, params };
  });
  return { statements };
}

/**
 * One statement that inserts all rows. Each number of rows is a statement that every node must prepare and keep, so there
 * are some only: the last row is said again until there are as many, which changes nothing.
 */
function insertOf(insert: string, rows: readonly ReadingRow[], place: 0 | 1): Statement {
  const count = COUNTS.find((some) => some >= rows.length) ?? rows.length;
  const params: unknown[] = [];
  for (let index = 0; index < count; index++) {
    const row = rows[Math.min(index, rows.length - 1)];
    if (!row) break;
    const { target, time, data } = row;
    params.push(target.ids[place], target.period, time, target.type, data);
  }
  return { query: inserts(insert, count), params };
}

/** Numbers of rows that there are statements for; the last one is the most that a request takes. */
export const COUNTS: readonly number[] = [1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 25, 32, 40, 50, 64, 80, 100, 128];

const queries = new Map<string, string[]>();

function inserts(insert: string, count: number): string {
  let byCount = queries.get(insert);
  if (!byCount) {
    byCount = [];
    queries.set(insert, byCount);
  }
  const known = byCount[count];
  if (known) return known;
  const query =
    count === 1
      ? insert
      : `BEGIN UNLOGGED BATCH ${Array.from({ length: count }, () => insert).join('; ')}; APPLY BATCH`;
  byCount[count] = query;
  return query;
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
