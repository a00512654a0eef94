/** Reads a database that another thread or process of this machine has open and writes to. */
import { open } from 'lmdb';
import type { Reads } from '../store.js';
import type { Database } from './commit.js';
import { createReads, type ReadOptions } from './reads.js';
import { openSeriesNumbers } from './series-numbers.js';

export interface LmdbReader extends Reads {
  close(): Promise<void>;
}

/** The owner must have opened it before, and closes it after. */
export function openLmdbReader(options: ReadOptions): LmdbReader {
  const db: Database = open({
    path: options.directory,
    noSubdir: false,
    readOnly: true,
    mapSize: options.mapSize,
    keyEncoding: 'binary',
    encoding: 'binary',
  });
  const { find } = openSeriesNumbers((key) => db.get(key));
  const reads = createReads(db, find, options);
  // A read sees all that was durable when it began, not when the event loop last came round.
  const fresh =
    <A extends unknown[], R>(read: (...given: A) => R) =>
    (...given: A): R => {
      db.resetReadTxn();
      return read(...given);
    };
  return {
    node: fresh(reads.node),
    status: fresh(reads.status),
    children: fresh(reads.children),
    deletedNodes: fresh(reads.deletedNodes),
    block: fresh(reads.block),
    blocks: fresh(reads.blocks),
    keys: fresh(reads.keys),
    types: fresh(reads.types),
    periods: fresh(reads.periods),
    rows: fresh(reads.rows),
    size: reads.size,
    close: () => db.close(),
  };
}
