/** The options of the store, out of the configuration. */
import type { Config } from './config/options.js';
import type { CassandraSession, StoreOptions } from './store/open.js';

/** `onLargePartition` is called once for each series and period that nears what Cassandra suffers from. */
export function storeOptions(config: Config, onLargePartition: (id: string, period: string) => void): StoreOptions {
  if (config.store === 'lmdb') return { directory: config.data, mapSize: config['lmdb-map-size'] };
  const allowStaleReads = config['cassandra-allow-stale-reads'];
  return { cassandra: { ...cassandraSession(config), allowStaleReads, onLargePartition } };
}

/** How the nodes of the cluster are reached, and which keyspace is meant. */
export function cassandraSession(config: Config): CassandraSession {
  const username = config['cassandra-username'];
  return {
    contactPoints: config['cassandra-contact-points'].split(','),
    datacenter: config['cassandra-datacenter'],
    keyspace: config['cassandra-keyspace'],
    write: config['cassandra-write-consistency'],
    read: config['cassandra-read-consistency'],
    credentials: username === '' ? undefined : { username, password: config['cassandra-password'] },
    tls: config['cassandra-tls']
      ? { ca: config['cassandra-tls-ca'], cert: config['cassandra-tls-cert'], key: config['cassandra-tls-key'] }
      : undefined,
  };
}
