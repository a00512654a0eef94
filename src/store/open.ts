/** Where the store is chosen: the only importer of a backend. */
import type { CassandraOptions } from './cassandra/open.js';
import { openLmdb } from './lmdb/open.js';
import type { Store } from './store.js';

export { StoreNotOpened } from './errors.js';

/** What the data may take unless told otherwise, in bytes. Address space that is reserved, not disk. */
export const DEFAULT_MAP_SIZE = 2 ** 40;
/** Milliseconds after which a commit that did not end counts as failed. */
export const DEFAULT_COMMIT_DEADLINE = 120_000;

/** Data on this machine. */
export interface LmdbStoreOptions {
  /** Where the data lies; made when it does not exist. */
  readonly directory: string;
  /** The most the data may take, in bytes. */
  readonly mapSize?: number;
  readonly commitDeadline?: number;
  /** UNIX ms: readings whose time to live is over by it are not read any more. */
  readonly now?: () => number;
}

/** Data in a Cassandra cluster, shared by many gateways. */
export interface CassandraStoreOptions {
  readonly cassandra: Omit<CassandraOptions, 'now'>;
  /** UNIX ms. */
  readonly now?: () => number;
}

export type StoreOptions = LmdbStoreOptions | CassandraStoreOptions;

/** Opens the data; rejects with `StoreNotOpened`. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const now = options.now ?? Date.now;
  if ('cassandra' in options) {
    // Loaded only where it is chosen: one machine starts without the driver.
    const { openCassandra } = await import('./cassandra/open.js');
    return openCassandra({ ...options.cassandra, now });
  }
  return openLmdb({
    directory: options.directory,
    mapSize: options.mapSize ?? DEFAULT_MAP_SIZE,
    deadline: options.commitDeadline ?? DEFAULT_COMMIT_DEADLINE,
    now,
  });
}
