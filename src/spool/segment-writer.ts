/** Puts bytes at the end of the newest segment and syncs them; begins another one when that has its size. */
import { type FileHandle, open, rm } from 'node:fs/promises';
import { StoreFailed, StoreFull } from '../store/store.js';
import { segmentFile } from './directory.js';
import { SEGMENT_START } from './records.js';

export interface SegmentWriter {
  /** Number of the segment that is written to, or null: the next bytes begin one. */
  readonly segment: number | null;
  /**
   * Writes bytes and syncs them; resolves to where they begin. Rejects with `StoreFull` when there is no room, after
   * which nothing of them counts, and with `StoreFailed` when it cannot be known what is on the disk.
   */
  append(bytes: readonly Uint8Array[]): Promise<{ readonly segment: number; readonly offset: number }>;
  /** Ends the newest segment: the next bytes begin one. */
  end(): Promise<void>;
}

/** Bytes above which a segment gets no more. */
export const SEGMENT_BYTES = 8 << 20;
/** What a disk says that has no room, also for this user or for a file, and a system that opens no more files. */
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EMFILE', 'ENFILE']);

interface Active {
  readonly number: number;
  readonly file: FileHandle;
  size: number;
}

/** `last` is the highest number that was ever used. */
export function createSegmentWriter(directory: string, last: number): SegmentWriter {
  let active: Active | null = null;

  async function append(bytes: readonly Uint8Array[]) {
    const to = active ?? (await begin());
    const offset = to.size;
    const whole = Buffer.concat(bytes);
    try {
      for (let at = 0; at < whole.length; )
        at += (await to.file.write(whole, at, whole.length - at, offset + at)).bytesWritten;
    } catch (error) {
      // What was written of it is no part of the segment any more, also where it cannot be cut off.
      active = null;
      await to.file.truncate(offset).catch(() => {});
      await to.file.close().catch(() => {});
      if (offset === SEGMENT_START.length) await remove(to.number);
      throw asStoreError(error);
    }
    await synced(to.file);
    to.size = offset + whole.length;
    if (to.size >= SEGMENT_BYTES) await end();
    return { segment: to.number, offset };
  }

  async function begin(): Promise<Active> {
    const number = last + 1;
    try {
      const file = await open(segmentFile(directory, number), 'wx');
      last = number;
      active = { number, file, size: SEGMENT_START.length };
      await file.write(SEGMENT_START, 0, SEGMENT_START.length, 0);
      await syncDirectory();
      return active;
    } catch (error) {
      await end().catch(() => {});
      await remove(number);
      throw asStoreError(error);
    }
  }

  /** Removes one in which nothing is: a full disk is tried again and again. */
  async function remove(number: number): Promise<void> {
    await rm(segmentFile(directory, number), { force: true }).catch(() => {});
  }

  /** Without it, power loss may take the whole file. */
  async function syncDirectory(): Promise<void> {
    const handle = await open(directory, 'r');
    try {
      await synced(handle);
    } finally {
      await handle.close();
    }
  }

  async function end(): Promise<void> {
    const ended = active;
    active = null;
    await ended?.file.close();
  }

  return {
    get segment() {
      return active?.number ?? null;
    },
    append,
    end,
  };
}

/** After a sync that failed the system may have dropped what it should have written: a second one would succeed falsely. */
async function synced(file: FileHandle): Promise<void> {
  try {
    await file.datasync();
  } catch (error) {
    throw new StoreFailed(`The spool cannot be synced: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** What an error of the disk means: no room, which may pass, or that it cannot be relied upon any more. */
export function asStoreError(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const why = error instanceof Error ? error.message : String(error);
  if (error instanceof StoreFailed) return error;
  if (NO_ROOM.has(code)) return new StoreFull(`No room for the spool: ${why}`, { cause: error });
  return new StoreFailed(`The spool cannot be used: ${why}`, { cause: error });
}
