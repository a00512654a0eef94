/** The connection with Cassandra, the same as the store's: bounded, prepared, with errors that say what to do. */
import { connect, type Session } from '../store/cassandra/session.js';
import type { SyncConfig } from './config.js';

export type { Session } from '../store/cassandra/session.js';
export { StoreAway, StoreFailed } from '../store/store.js';

/** Connects; rejects with `StoreAway` when no node of the data centre can be reached. */
export function connectCassandra({ cassandra }: SyncConfig): Promise<Session> {
  const { username, password, tls } = cassandra;
  return connect({
    contactPoints: cassandra['contact-points'],
    datacenter: cassandra.datacenter,
    write: cassandra['write-consistency'],
    read: cassandra['read-consistency'],
    credentials: username ? { username, password: password ?? '' } : undefined,
    tls,
  });
}
