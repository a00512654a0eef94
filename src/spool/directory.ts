/**
 * What lies in a spool's directory: segments by their numbers, and the position up to which all is in the store. Read
 * by the gateway that owns it, and by whoever wants to know how much waits, while it runs and when it does not.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { findRecords, SEGMENT_START } from './records.js';

/** A place in the spool: the end of a record, or the start of the first. */
export interface Position {
  readonly segment: number;
  readonly offset: number;
}

/** How much waits in a spool. */
export interface SpoolDepth {
  /** Readings that are not in the store yet. */
  readonly readings: number;
  /** Bytes of all segments, which is what the bound counts. */
  readonly bytes: number;
  readonly segments: number;
  /** When the oldest reading that waits was put there, UNIX ms, or null: none waits. */
  readonly oldest: number | null;
}

export interface SpoolStatus extends SpoolDepth {
  /** Bytes at ends of segments that are no record: what a crash left, or, while a gateway writes, what it writes. */
  readonly torn: number;
}

/** What was found in one segment. */
export interface FoundSegment {
  readonly number: number;
  /** End of its last whole record. */
  readonly size: number;
  /** Bytes behind that. */
  readonly torn: number;
  /** Readings behind the position, and when the first of them was put there. */
  readonly readings: number;
  readonly oldest: number | null;
}

export const FIRST_OFFSET = SEGMENT_START.length;
export const START: Position = { segment: 0, offset: FIRST_OFFSET };
const POSITION_FILE = 'position';
const POSITION_BYTES = 20;

export function segmentFile(directory: string, number: number): string {
  return join(directory, `${String(number).padStart(10, '0')}.seg`);
}

/** How much waits in a spool's directory; nothing does in one that is not there. */
export async function readSpoolStatus(directory: string): Promise<SpoolStatus> {
  const position = await readPosition(directory);
  let status: SpoolStatus = { readings: 0, bytes: 0, segments: 0, oldest: null, torn: 0 };
  for (const number of await segmentNumbers(directory)) {
    const found = await findSegment(directory, number, position);
    if (!found || found.number < position.segment) continue;
    status = {
      readings: status.readings + found.readings,
      bytes: status.bytes + found.size + found.torn,
      segments: status.segments + 1,
      oldest: status.oldest ?? found.oldest,
      torn: status.torn + found.torn,
    };
  }
  return status;
}

/** Numbers of the segments, rising; none where there is no directory. */
export async function segmentNumbers(directory: string): Promise<number[]> {
  const names = await readdir(directory).catch(whereMissing([]));
  return names
    .flatMap((name) => (/^\d{10,15}\.seg$/.test(name) ? [Number.parseInt(name, 10)] : []))
    .sort((a, b) => a - b);
}

/** Looks through a segment, or gives undefined where it has just been removed. */
export async function findSegment(
  directory: string,
  number: number,
  position: Position,
): Promise<FoundSegment | undefined> {
  const bytes = await readFile(segmentFile(directory, number)).catch(whereMissing(undefined));
  if (!bytes) return undefined;
  let size = 0;
  let readings = 0;
  let oldest: number | null = null;
  for (const record of findRecords(bytes)) {
    size = record.end;
    if (isBefore(position, { segment: number, offset: record.end })) {
      readings += record.readings;
      oldest ??= record.at;
    }
  }
  return { number, size, torn: bytes.length - size, readings, oldest };
}

export function isBefore(a: Position, b: Position): boolean {
  return a.segment < b.segment || (a.segment === b.segment && a.offset < b.offset);
}

/**
 * The position that was kept, or the very start where there is none or it is torn. It is not synced: one that is too
 * early only has some readings stored again, which changes nothing.
 */
export async function readPosition(directory: string): Promise<Position> {
  const bytes = await readFile(join(directory, POSITION_FILE)).catch(whereMissing(undefined));
  if (bytes?.length !== POSITION_BYTES || crc32(bytes.subarray(4)) !== bytes.readUInt32LE(0)) return START;
  return { segment: bytes.readDoubleLE(4), offset: bytes.readDoubleLE(12) };
}

export async function writePosition(directory: string, { segment, offset }: Position): Promise<void> {
  const bytes = Buffer.alloc(POSITION_BYTES);
  bytes.writeDoubleLE(segment, 4);
  bytes.writeDoubleLE(offset, 12);
  bytes.writeUInt32LE(crc32(bytes.subarray(4)), 0);
  await writeFile(join(directory, POSITION_FILE), bytes);
}

function whereMissing<T>(otherwise: T): (error: NodeJS.ErrnoException) => T {
  return (error) => {
    if (error.code === 'ENOENT') return otherwise;
    throw error;
  };
}
