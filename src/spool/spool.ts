/**
 * Readings on the local disk until the store has them: appended and synced, read again in the order in which they came,
 * and given up segment by segment when all of one is durable in the store. A start finds what the end before left.
 */
import { mkdir, rm } from 'node:fs/promises';
import { lockDirectory } from '../store/directory-lock.js';
import { type ReadingWrite, StoreFull } from '../store/store.js';
import {
  FIRST_OFFSET,
  findSegment,
  isBefore,
  type Position,
  readPosition,
  type SpoolDepth,
  segmentFile,
  segmentNumbers,
  writePosition,
} from './directory.js';
import { encodeRecord, inRecords } from './records.js';
import { createSegmentReader } from './segment-reader.js';
import { createSegmentWriter } from './segment-writer.js';

/** Readings that lie in the spool together. */
export interface SpooledRecord {
  readonly readings: readonly ReadingWrite[];
  /** When they were put there, UNIX ms. */
  readonly at: number;
  readonly start: Position;
  readonly end: Position;
}

export interface Spool {
  readonly depth: SpoolDepth;
  /**
   * Appends readings, at most one such call at a time; resolves to their records once they are synced. Rejects with
   * `StoreFull` at the bound or when the disk is full, and then none of them counts; with `StoreFailed` when it cannot
   * be known what is on the disk.
   */
  append(readings: readonly ReadingWrite[]): Promise<SpooledRecord[]>;
  /** Whether there are records that were neither read nor passed. */
  readonly hasUnread: boolean;
  /** The next record, or undefined: there is none. At most one such call at a time; rejects with `StoreFailed`. */
  read(): Promise<SpooledRecord | undefined>;
  /** Passes the next record, which is at hand; says whether it was the next, else it is left to be read. */
  pass(record: SpooledRecord): boolean;
  /** Says that all up to this record is durable in the store; to be called in the order of the records. */
  release(record: SpooledRecord): void;
  /** Keeps the position and gives the directory back; what is not in the store stays. */
  close(): Promise<void>;
}

export interface SpoolOptions {
  /** Made where it does not exist. */
  readonly directory: string;
  /** Bytes of all segments at the most. */
  readonly maxBytes: number;
  /** UNIX ms. */
  readonly now: () => number;
  /** Told, when it is opened, of bytes that are no record: an append that a crash cut short, or damage. */
  readonly onTorn: (segment: number, bytes: number) => void;
}

/** How often the position is kept, in ms. */
const KEEP_POSITION_EVERY = 1_000;
/** Bytes above which the newest segment is removed as well when nothing waits. */
const TIDY_ABOVE = 1 << 20;

interface Segment {
  /** Bytes that count: up to the end of its last whole record. */
  size: number;
}

/** Opens the spool of a directory; rejects with `StoreNotOpened` where another process has it. */
export async function openSpool({ directory, maxBytes, now, onTorn }: SpoolOptions): Promise<Spool> {
  await mkdir(directory, { recursive: true });
  const unlock = lockDirectory(directory);
  const segments = new Map<number, Segment>();
  let released = await readPosition(directory);
  let waiting = 0;
  let oldest: number | null = null;
  let bytes = 0;
  let last = released.segment;
  for (const number of await segmentNumbers(directory)) {
    last = Math.max(last, number);
    const found = await findSegment(directory, number, released);
    if (!found || found.readings === 0) {
      await rm(segmentFile(directory, number), { force: true });
    } else {
      segments.set(number, { size: found.size });
      waiting += found.readings;
      bytes += found.size;
      oldest ??= found.oldest;
    }
    if (found && found.torn > 0) onTorn(number, found.torn);
  }
  const writer = createSegmentWriter(directory, last);
  const reader = createSegmentReader(directory);
  let cursor = released;
  let kept = released;
  let appending = false;
  let isClosed = false;
  let removing: Promise<unknown> = Promise.resolve();

  async function append(readings: readonly ReadingWrite[]): Promise<SpooledRecord[]> {
    const at = now();
    const parts = [...inRecords(readings)].map((part) => ({ part, encoded: encodeRecord(part, at) }));
    const needed = parts.reduce((sum, { encoded }) => sum + encoded.length, 0);
    if (bytes + needed > maxBytes) {
      // The segment that is written to may be all that is left of it.
      if (waiting === 0) await tidy();
      if (bytes + needed > maxBytes)
        throw new StoreFull(`The spool is full: ${waiting} readings in ${bytes} of ${maxBytes} bytes`);
    }
    appending = true;
    const { segment, offset } = await writer.append(parts.map(({ encoded }) => encoded)).finally(() => {
      appending = false;
    });
    const isNew = !segments.has(segment);
    segments.set(segment, { size: offset + needed });
    bytes += needed + (isNew ? FIRST_OFFSET : 0);
    waiting += readings.length;
    oldest ??= at;
    let end = offset;
    return parts.map(({ part, encoded }) => {
      const start = end;
      end += encoded.length;
      return { readings: part, at, start: { segment, offset: start }, end: { segment, offset: end } };
    });
  }

  /** Where the next record begins, past the ends of segments; undefined where there is none. */
  function next(): Position | undefined {
    for (const [number, { size }] of segments) {
      if (number < cursor.segment) continue;
      const offset = number === cursor.segment ? cursor.offset : FIRST_OFFSET;
      if (offset < size) return { segment: number, offset };
    }
    return undefined;
  }

  async function read(): Promise<SpooledRecord | undefined> {
    const start = next();
    const size = start && segments.get(start.segment)?.size;
    if (!start || size === undefined) return undefined;
    const record = await reader.read(start, size);
    cursor = record.end;
    return record;
  }

  function pass(record: SpooledRecord): boolean {
    const start = next();
    if (start?.segment !== record.start.segment || start.offset !== record.start.offset) return false;
    cursor = record.end;
    return true;
  }

  function release(record: SpooledRecord): void {
    if (isClosed || !isBefore(released, record.end)) return;
    released = record.end;
    waiting -= record.readings.length;
    // That of the next record is not known without reading it: it is not older than this one.
    oldest = waiting > 0 ? record.at : null;
    for (const [number, { size }] of segments) {
      if (number > released.segment || (number === released.segment && released.offset < size)) break;
      if (number !== writer.segment) remove(number, size);
    }
    if (waiting === 0 && bytes >= TIDY_ABOVE) removing = removing.then(tidy);
  }

  function remove(number: number, size: number): void {
    segments.delete(number);
    bytes -= size;
    removing = removing.then(() => rm(segmentFile(directory, number), { force: true })).catch(() => {});
  }

  /** Removes the segment that is written to, where all of it is in the store. */
  async function tidy(): Promise<void> {
    const number = writer.segment;
    const segment = number === null ? undefined : segments.get(number);
    if (appending || number === null || !segment || isBefore(released, { segment: number, offset: segment.size }))
      return;
    await writer.end();
    remove(number, segment.size);
  }

  async function keepPosition(): Promise<void> {
    if (kept === released) return;
    kept = released;
    await writePosition(directory, kept);
  }

  // Where it cannot be kept, more is stored again after the next start.
  const keeping = setInterval(() => keepPosition().catch(() => {}), KEEP_POSITION_EVERY);
  keeping.unref();

  return {
    get depth() {
      return { readings: waiting, bytes, segments: segments.size, oldest };
    },
    get hasUnread() {
      return next() !== undefined;
    },
    append,
    read,
    pass,
    release,
    async close() {
      isClosed = true;
      clearInterval(keeping);
      await keepPosition().catch(() => {});
      await tidy();
      await writer.end();
      await removing;
      unlock();
    },
  };
}
