/** Opens a keyspace: one that is there, with tables as expected, read and written so that reads see what was written. */

import { readsSeeWrites } from '../consistency.js';
import { StoreNotOpened } from '../errors.js';
import { type Store, StoreAway } from '../store.js';
import { isKeyspaceName, readKeyspace } from './keyspace.js';
import type { OnLargePartition } from './partitions.js';
import { checkSchema } from './schema.js';
import { connect, type Session, type SessionOptions } from './session.js';
import { statementsFor } from './statements.js';
import { createCassandraStore } from './store.js';

export interface CassandraOptions extends SessionOptions {
  readonly keyspace: string;
  /** Whether reads may miss what was acknowledged: consistencies with W + R ≤ RF. */
  readonly allowStaleReads: boolean;
  /** UNIX ms. */
  readonly now: () => number;
  readonly onLargePartition: OnLargePartition;
}

/** Rejects with `StoreNotOpened`, saying what the operator can do about it. */
export async function openCassandra(options: CassandraOptions): Promise<Store> {
  const { keyspace } = options;
  const session = await openSession(options, keyspace);
  try {
    await checkKeyspace(session, options);
    return createCassandraStore({ ...options, session, statements: statementsFor(keyspace) });
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** A session for a keyspace of this name, which need not exist; rejects with `StoreNotOpened`. */
export async function openSession(options: SessionOptions, keyspace: string): Promise<Session> {
  if (!isKeyspaceName(keyspace)) {
    const takes = 'a lower-case letter, then lower-case letters, digits and underscores, 48 at the most';
    throw new StoreNotOpened('foreign', `${JSON.stringify(keyspace)} is no name of a keyspace here: it takes ${takes}`);
  }
  try {
    return await connect(options);
  } catch (error) {
    if (!(error instanceof StoreAway)) throw error;
    const where = `${options.contactPoints.join(', ')} (data centre ${options.datacenter})`;
    throw new StoreNotOpened('away', `No Cassandra at ${where}: ${error.message}`);
  }
}

async function checkKeyspace(session: Session, options: CassandraOptions): Promise<void> {
  const { keyspace, write, read, datacenter } = options;
  const errors = (await checkSchema(session, keyspace)).filter(({ grave }) => grave === 'error');
  if (errors.length > 0) {
    const what = errors.map((difference) => difference.what).join('; ');
    throw new StoreNotOpened('foreign', `The keyspace ${keyspace} is not as expected: ${what}`);
  }
  const replication = (await readKeyspace(session, keyspace))?.replication ?? new Map();
  if (!(replication.get(datacenter) ?? 0)) {
    const where = [...replication.keys()].join(', ') || 'none';
    throw new StoreNotOpened('foreign', `The keyspace ${keyspace} has no copies in ${datacenter}, it has in ${where}`);
  }
  if (!options.allowStaleReads && !readsSeeWrites(write, read, replication, datacenter)) {
    const copies = [...replication].map(([name, count]) => `${name}=${count}`).join(',');
    throw new StoreNotOpened(
      'stale_reads',
      `Writes at ${write} and reads at ${read} over copies ${copies}: a read can miss what was acknowledged ` +
        '(W + R ≤ RF). Take LOCAL_QUORUM for both, or allow it with cassandra-allow-stale-reads',
    );
  }
}
