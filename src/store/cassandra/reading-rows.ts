/** Readings on their way into the two partitions of each, as the driver puts them on the wire. */
import type { ReadingWrite } from '../store.js';
import type { PartitionRequest } from './session.js';

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
  readonly partitions: readonly [TargetPartition, TargetPartition];
  readonly period: Buffer;
  readonly type: Buffer;
  /** What each row of it takes besides its data. */
  readonly bytes: number;
}

export interface TargetPartition {
  readonly id: Buffer;
  readonly partition: string;
}

export function readingTarget(id: string, type: string, period: string): ReadingTarget {
  const place = (one: string) => ({ id: Buffer.from(one), partition: seriesPartition(one, period) });
  return {
    partitions: [place(id), place(typedId(id, type))],
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
  return { target, time: asBuffer(write.time), data, stamp, ttl, bytes: OVERHEAD + target.bytes + data.length };
}

export function seriesPartition(id: string, period: string): string {
  return `series ${period} ${id}`;
}

/**
 * The rows of some readings in one of the partitions of their targets (0: all types, 1: theirs). Where all live for ever
 * and have one stamp, as those that came in one piece do, that stamp is the request's and goes once.
 */
export function readingRequest(table: string, rows: readonly ReadingRow[], place: 0 | 1): PartitionRequest {
  const insert = `INSERT INTO ${table} (id, date, time, type, data) VALUES (?, ?, ?, ?, ?) USING`;
  const stamp = rows[0]?.stamp;
  const isPlain = rows.every((row) => row.stamp === stamp && row.ttl === 0);
  const query = isPlain ? `${insert} TTL 0` : `${insert} TIMESTAMP ? AND TTL ?`;
  const statements = rows.map(({ target, time, data, ttl, stamp: own }) => {
    const params: unknown[] = [target.partitions[place].id, target.period, time, target.type, data];
    if (!isPlain) params.push(bigint(own), ttl === 0 ? NO_TTL : int(ttl));
    return { query, params };
  });
  return isPlain ? { statements, stamp } : { statements };
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
