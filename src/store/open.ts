/** Where the store is chosen: the only importer of a backend. */
import type { CassandraOptions } from './cassandra/open.js';
import type { Difference } from './cassandra/schema.js';
import type { SensorRow } from './cassandra/sensor-table.js';
import type { SessionOptions } from './cassandra/session.js';
import type { Replication } from './consistency.js';
import { openLmdb } from './lmdb/open.js';
import { type LmdbReader, openLmdbReader } from './lmdb/reader.js';
import type { Store } from './store.js';

export { StoreNotOpened } from './errors.js';
export type { LmdbReader } from './lmdb/reader.js';

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

/** Reads the data in a directory that this machine's owner of it has open; only LMDB has such an owner. */
export function openReader({ directory, mapSize, now }: LmdbStoreOptions): LmdbReader {
  return openLmdbReader({ directory, mapSize: mapSize ?? DEFAULT_MAP_SIZE, now: now ?? Date.now });
}

export type { Difference } from './cassandra/schema.js';
export type CassandraSession = SessionOptions & { readonly keyspace: string };

/**
 * Makes a keyspace and its tables in Cassandra, where they are missing; resolves to what was done. Rejects with
 * `StoreNotOpened` when there is no Cassandra, or when what is there must not be changed in passing.
 */
export async function initCassandra(options: CassandraSession, replication: Replication): Promise<string[]> {
  const { openSession, initSchema } = await cassandra();
  const session = await openSession(options, options.keyspace);
  try {
    return await initSchema(session, options.keyspace, replication);
  } finally {
    await session.close();
  }
}

/** What differs in a keyspace from what is expected, in the gravest order; rejects with `StoreNotOpened`. */
export async function checkCassandra(options: CassandraSession): Promise<Difference[]> {
  const { openSession, checkSchema } = await cassandra();
  const session = await openSession(options, options.keyspace);
  try {
    return await checkSchema(session, options.keyspace);
  } finally {
    await session.close();
  }
}

/** Pages of the readings in another program's table `sensor_data` of a keyspace; rejects with `StoreNotOpened`. */
export async function* readSensorTable(options: CassandraSession): AsyncIterable<SensorRow[]> {
  const [{ openSession }, { readSensorRows }] = await Promise.all([
    import('./cassandra/open.js'),
    import('./cassandra/sensor-table.js'),
  ]);
  const session = await openSession(options, options.keyspace);
  try {
    yield* readSensorRows(session, options.keyspace);
  } finally {
    await session.close();
  }
}

async function cassandra() {
  const [{ openSession }, { initSchema, checkSchema }] = await Promise.all([
    import('./cassandra/open.js'),
    import('./cassandra/schema.js'),
  ]);
  return { openSession, initSchema, checkSchema };
}
