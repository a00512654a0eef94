/** Keyspaces on the run's shared node, each a test's own. */
import { randomBytes } from 'node:crypto';
import { Client } from 'cassandra-driver';
import { initSchema } from '../../../src/store/cassandra/schema.js';
import { connect, type SessionOptions } from '../../../src/store/cassandra/session.js';
import { TABLES } from '../../../src/store/cassandra/tables.js';
import { type CassandraStoreOptions, openStore } from '../../../src/store/open.js';
import type { Store } from '../../../src/store/store.js';
import { sharedCassandra } from '../../services/services.js';

export const DATACENTER = 'datacenter1';

/** A node, and a client for what a test does behind the store's back. */
export interface Cluster {
  readonly session: SessionOptions;
  readonly client: Client;
  close(): Promise<void>;
}

export async function openCluster(): Promise<Cluster> {
  const { address } = await sharedCassandra();
  const session: SessionOptions = {
    contactPoints: [address],
    datacenter: DATACENTER,
    write: 'LOCAL_QUORUM',
    read: 'LOCAL_QUORUM',
  };
  const client = new Client({ contactPoints: [address], localDataCenter: DATACENTER, encoding: { map: Map } });
  await client.connect();
  return { session, client, close: () => client.shutdown() };
}

/** A name that no other test has. */
export function keyspaceName(): string {
  return `m2mp_${randomBytes(6).toString('hex')}`;
}

/** A keyspace as `m2mp store init` makes it. */
export async function createKeyspace(cluster: Cluster): Promise<string> {
  const name = keyspaceName();
  const session = await connect(cluster.session);
  try {
    await initSchema(session, name, new Map([[DATACENTER, 1]]));
  } finally {
    await session.close();
  }
  // A table that is emptied is not written to disk before: that is most of the time it takes.
  await cluster.client.execute(`ALTER KEYSPACE ${name} WITH durable_writes = false`);
  return name;
}

export function storeOptions(cluster: Cluster, keyspace: string): CassandraStoreOptions['cassandra'] {
  return { ...cluster.session, keyspace, allowStaleReads: false, onLargePartition: () => {} };
}

export function openKeyspace(cluster: Cluster, keyspace: string, now: () => number = Date.now): Promise<Store> {
  return openStore({ cassandra: storeOptions(cluster, keyspace), now });
}

export async function emptyKeyspace({ client }: Cluster, keyspace: string): Promise<void> {
  for (const { name } of TABLES) {
    const { rowLength } = await client.execute(`SELECT * FROM ${keyspace}.${name} LIMIT 1`);
    if (rowLength > 0) await client.execute(`TRUNCATE ${keyspace}.${name}`);
  }
}

export async function dropKeyspace({ client }: Cluster, keyspace: string): Promise<void> {
  await client.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
}

/** Nodes that have just started take connections before they know each other and have made their first user. */
export async function untilItWorks<T>(task: () => Promise<T>): Promise<T> {
  for (let attempts = 60; ; attempts--) {
    try {
      return await task();
    } catch (error) {
      if (attempts === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
