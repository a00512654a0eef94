/**
 * The bytes of a segment: `M2MPSPL1`, then records, each the length of its payload and the CRC-32 of that (both u32,
 * little-endian), and the payload: when it was put there (UNIX ms, f64) and its readings as `write-codec` has them.
 */
import { crc32 } from 'node:zlib';
import type { ReadingWrite } from '../store/store.js';
import { decodeWrites, encodeWrites } from '../store/write-codec.js';

/** What a segment begins with; the digit is the version of its layout. */
export const SEGMENT_START = Buffer.from('M2MPSPL1', 'latin1');
/** Readings, and characters of their data, in one record: what the store is handed at once. */
export const MAX_RECORD_READINGS = 1_000;
export const MAX_RECORD_CHARACTERS = 1 << 20;

const FRAME_BYTES = 8;
const DATE_BYTES = 8;
/** A date and a count: a payload that has less is none, such as that of a tail of zeros. */
const LEAST_PAYLOAD = DATE_BYTES + 4;

/** A record where it lies: from `start` to `end` of the bytes it was found in. */
export interface FoundRecord {
  readonly start: number;
  readonly end: number;
  /** When it was put there, UNIX ms. */
  readonly at: number;
  /** How many readings it holds. */
  readonly readings: number;
}

/** A record as bytes. */
export function encodeRecord(readings: readonly ReadingWrite[], at: number): Buffer {
  const writes = encodeWrites(readings);
  const record = Buffer.allocUnsafe(FRAME_BYTES + DATE_BYTES + writes.byteLength);
  record.writeDoubleLE(at, FRAME_BYTES);
  record.set(writes, FRAME_BYTES + DATE_BYTES);
  record.writeUInt32LE(record.length - FRAME_BYTES, 0);
  record.writeUInt32LE(crc32(record.subarray(FRAME_BYTES)), 4);
  return record;
}

/** Bytes that the record at `start` takes, or undefined where not even its length is whole. */
export function recordLength(bytes: Buffer, start: number): number | undefined {
  return bytes.length - start < FRAME_BYTES ? undefined : FRAME_BYTES + bytes.readUInt32LE(start);
}

/** The record at `start`, or undefined where there is no whole one: nothing behind it counts either. */
export function findRecord(bytes: Buffer, start: number): FoundRecord | undefined {
  const length = recordLength(bytes, start);
  if (length === undefined || length < FRAME_BYTES + LEAST_PAYLOAD || length > bytes.length - start) return undefined;
  const payload = bytes.subarray(start + FRAME_BYTES, start + length);
  if (crc32(payload) !== bytes.readUInt32LE(start + 4)) return undefined;
  return { start, end: start + length, at: payload.readDoubleLE(0), readings: payload.readUInt32LE(DATE_BYTES) };
}

/** The readings of a record that was found in these bytes. */
export function readingsOf(bytes: Buffer, { start, end }: FoundRecord): ReadingWrite[] {
  const readings: ReadingWrite[] = [];
  for (const write of decodeWrites(bytes.subarray(start + FRAME_BYTES + DATE_BYTES, end))) {
    if (write.write !== 'reading') throw new RangeError('Not a record of readings');
    readings.push(write);
  }
  return readings;
}

/** All whole records of a segment up to the first that is none; none at all where it does not begin as one. */
export function* findRecords(segment: Buffer): Iterable<FoundRecord> {
  if (!segment.subarray(0, SEGMENT_START.length).equals(SEGMENT_START)) return;
  for (let found = findRecord(segment, SEGMENT_START.length); found; found = findRecord(segment, found.end))
    yield found;
}

/** Readings in parts that are a record each. */
export function* inRecords(readings: readonly ReadingWrite[]): Iterable<readonly ReadingWrite[]> {
  let from = 0;
  let characters = 0;
  for (const [at, { data }] of readings.entries()) {
    const isFull = at - from === MAX_RECORD_READINGS || characters + data.length > MAX_RECORD_CHARACTERS;
    if (isFull && at > from) {
      yield readings.slice(from, at);
      from = at;
      characters = 0;
    }
    characters += data.length;
  }
  if (from < readings.length) yield from === 0 ? readings : readings.slice(from);
}
