/** The store on LMDB. */
import type { Store, Write } from '../store.js';
import { type CommitOptions, type Database, openCommits } from './commit.js';
import { expiryKeysUntil, readingKeyIn, valueKey } from './keys.js';
import { expiresIn } from './reading-value.js';
import { createReads, type ReadOptions } from './reads.js';
import { openSeriesNumbers } from './series-numbers.js';
import { createWriter, looksForRows, sizeOf } from './writes.js';

export interface LmdbStoreOptions extends CommitOptions, ReadOptions {
  /** Gives the directory free; called once the database is closed. */
  readonly release: () => void;
}

export function createLmdbStore(db: Database, options: LmdbStoreOptions): Store {
  const commits = openCommits(db, options);
  const numbers = openSeriesNumbers((key) => db.get(key));
  let closed = false;

  async function write(batch: readonly Write[]): Promise<void> {
    if (closed) throw new Error('The store is closed');
    if (batch.length === 0) return;
    const writer = createWriter(db, numbers);
    const commit = batch.some(looksForRows) ? commits.transact : commits.commit;
    await commit(sizeOf(batch), (rows) => {
      for (const one of batch) writer.write(one, rows);
    });
    writer.committed();
  }

  async function claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean> {
    if (closed) throw new Error('The store is closed');
    let isOurs = false;
    await commits.transact(sizeOf([{ write: 'value', path, name, value }]), (rows) => {
      isOurs = db.get(valueKey(path, name))?.toString() === before;
      if (isOurs) rows.put(valueKey(path, name), Buffer.from(value));
    });
    return isOurs;
  }

  async function removeExpired(now: number, limit: number): Promise<number> {
    const due = limit < 1 ? [] : [...db.getKeys({ ...expiryKeysUntil(now), limit })];
    if (due.length === 0) return 0;
    let removed = 0;
    await commits.transact({ rows: 2 * due.length, bytes: 0 }, (rows) => {
      removed = 0;
      for (const key of due) {
        const reading = readingKeyIn(key);
        const value = db.get(reading);
        // Written again since, a reading may live longer than this entry says.
        const expires = value ? expiresIn(value) : 0;
        if (expires && expires <= now) {
          rows.remove(reading);
          removed++;
        }
        rows.remove(key);
      }
    });
    return removed;
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await commits.settled();
    await db.close();
    options.release();
  }

  return {
    ...createReads(db, numbers.find, options),
    write,
    claim,
    removeExpired,
    close,
  };
}
