/** When a write of LMDB is durable, and what its errors mean. The facts are in docs/durability.md. */
import { statfs } from 'node:fs/promises';
import type { RootDatabase } from 'lmdb';
import { StoreFailed, StoreFull } from '../store.js';

export type Database = RootDatabase<Buffer, Buffer>;

/** What rows are put and removed through. */
export interface Rows {
  put(key: Buffer, value: Buffer): void;
  remove(key: Buffer): void;
}

export interface Commits {
  /**
   * Has `queue` put rows, in this very turn, and resolves when they are durable. `size` estimates what they need.
   */
  commit(size: CommitSize, queue: (rows: Rows) => void): Promise<void>;
  /** The same for rows that depend on what earlier ones left: `queue` is called in a transaction and may read. */
  transact(size: CommitSize, queue: (rows: Rows) => void): Promise<void>;
  /** Resolves when no commit is under way. */
  settled(): Promise<void>;
}

export interface CommitSize {
  readonly rows: number;
  readonly bytes: number;
}

export interface CommitOptions {
  readonly directory: string;
  /** Milliseconds after which a commit that did not end counts as failed. */
  readonly deadline: number;
}

export function openCommits(db: Database, options: CommitOptions): Commits {
  const underWay = new Set<Promise<void>>();
  let failure: StoreFailed | null = null;

  function commit(size: CommitSize, queue: (rows: Rows) => void): Promise<void> {
    return track(size, () => {
      // All rows of one turn nearly always share one promise; where they do not, each of them has to hold.
      const promises: PromiseLike<unknown>[] = [];
      const keep = (promise: PromiseLike<unknown>) => {
        if (promise !== promises.at(-1)) promises.push(promise);
      };
      try {
        queue({ put: (key, value) => keep(db.put(key, value)), remove: (key) => keep(db.remove(key)) });
      } finally {
        promises.push(db.flushed);
        for (const promise of promises) promise.then(undefined, handled);
      }
      return promises;
    });
  }

  function transact(size: CommitSize, queue: (rows: Rows) => void): Promise<void> {
    return track(size, () => {
      const rows: Rows = { put: (key, value) => db.putSync(key, value), remove: (key) => db.removeSync(key) };
      const promises = [db.transaction(() => queue(rows)), db.flushed];
      for (const promise of promises) promise.then(undefined, handled);
      return promises;
    });
  }

  function track(size: CommitSize, start: () => PromiseLike<unknown>[]): Promise<void> {
    if (failure) return Promise.reject(failure);
    let promises: PromiseLike<unknown>[];
    try {
      promises = start();
    } catch (error) {
      return Promise.reject(error);
    }
    // lmdb-js makes one promise more, when the turn ends, that it gives to nobody. It fails with the others.
    setImmediate(() => db.committed.then(undefined, handled));
    const done = finish(size, promises);
    underWay.add(done);
    const forget = () => underWay.delete(done);
    done.then(forget, forget);
    return done;
  }

  async function finish(size: CommitSize, promises: PromiseLike<unknown>[]): Promise<void> {
    try {
      await withDeadline(Promise.all(promises), options.deadline);
    } catch (error) {
      const meaning = await explain(error, size, options);
      if (meaning instanceof StoreFailed) failure ??= meaning;
      throw meaning;
    }
  }

  async function settled(): Promise<void> {
    while (underWay.size > 0) await Promise.allSettled(underWay);
  }

  return { commit, transact, settled };
}

/** A page is 4 KiB; in the worst case every row splits a page of its own. */
const BYTES_A_ROW = 2 * 4_096;
/** What a commit takes however small it is, in bytes: the pages above the rows, and the list of free pages. */
const BYTES_A_COMMIT = 256 * 1024;

const MDB_MAP_FULL = -30_792;
const NO_ROOM: ReadonlySet<unknown> = new Set(['ENOSPC', 'EDQUOT', 28, 122]);
/** What LMDB says where a page was not taken. The same error from a sync leaves unknown what is on disk. */
const WHILE_WRITING = /Attempting to write page/;
const PERHAPS_NO_ROOM: ReadonlySet<unknown> = new Set(['EIO', 'EFBIG', 5, 27]);

/**
 * What an error of a commit means. A full disk shows as EIO where only a part of a page could be written; it is told
 * from a broken one by the room that is left. A retry is right only because LMDB writes all pages of it anew.
 */
async function explain(error: unknown, size: CommitSize, { directory }: CommitOptions): Promise<Error> {
  // A row that cannot be: the caller's mistake, and no news about the disk.
  if (error instanceof StoreFailed || error instanceof RangeError) return error;
  const cause = await causeOf(error);
  const code = cause && typeof cause === 'object' && 'code' in cause ? cause.code : undefined;
  const why = cause instanceof Error ? cause.message : String(cause);
  if (code === MDB_MAP_FULL || why.includes('MDB_MAP_FULL')) {
    return new StoreFull(`The data has grown to the size of its map: raise it (${why})`, { cause });
  }
  if (NO_ROOM.has(code) && WHILE_WRITING.test(why)) {
    return new StoreFull(`No room on the disk of ${directory}: ${why}`, { cause });
  }
  if (PERHAPS_NO_ROOM.has(code)) {
    const needed = BYTES_A_COMMIT + size.rows * BYTES_A_ROW + 2 * size.bytes;
    const free = await freeBytes(directory);
    if (free < needed) {
      return new StoreFull(`No room on the disk of ${directory}: ${free} bytes free, up to ${needed} needed`, {
        cause,
      });
    }
  }
  return new StoreFailed(`The data in ${directory} could not be written: ${why}`, { cause });
}

/** lmdb-js rejects a put with an error whose own `commitError` is a promise of the cause. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await withDeadline(Promise.resolve(error.commitError), CAUSE_DEADLINE);
    return error;
  } catch (cause) {
    return cause;
  }
}

const CAUSE_DEADLINE = 5_000;

/** The cause has a promise of its own, and nobody else listens to it. */
function handled(error: unknown): void {
  if (error instanceof Error && 'commitError' in error) Promise.resolve(error.commitError).catch(() => {});
}

export async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}

async function withDeadline<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StoreFailed(`The disk did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
