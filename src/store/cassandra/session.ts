/** A session with a Cassandra cluster: prepared statements, bounded, with errors that say what to do about them. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { type Client, type ClientOptions, policies, types } from 'cassandra-driver';
import type { Consistency } from '../consistency.js';
import { createClient } from './client.js';
import { translated } from './errors.js';
import { createGate } from './gate.js';

export interface SessionOptions {
  /** `HOST` or `HOST:PORT`, 9042 unless given. */
  readonly contactPoints: readonly string[];
  readonly datacenter: string;
  readonly credentials?: { readonly username: string; readonly password: string } | undefined;
  readonly tls?: TlsFiles | undefined;
  readonly write: Consistency;
  readonly read: Consistency;
}

/** Paths of PEM files; without `ca` the certificate authorities of Node.js count. */
export interface TlsFiles {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
}

export interface Statement {
  readonly query: string;
  /** Values as the driver takes them, or as they are on the wire. */
  readonly params: unknown[];
}

/** Statements of one partition, which go together; each of them must be idempotent. */
export interface PartitionRequest {
  readonly statements: Statement[];
  /** Write timestamp of those that bring none, UNIX µs; undefined: now. */
  readonly stamp?: number | undefined;
}

export interface Session {
  readonly datacenter: string;
  /** Runs a prepared statement of one's own that is no read of many rows. */
  write(statement: Statement): Promise<void>;
  writePartition(request: PartitionRequest): Promise<void>;
  /** Rows, fetched page by page as they are taken; `firstPage` is how many first, then twice as many each time. */
  read(statement: Statement, firstPage?: number): AsyncIterable<types.Row>;
  /** The same by pages, each when it has just arrived. */
  readPages(statement: Statement, firstPage?: number): AsyncIterable<types.Row[]>;
  /** A lightweight transaction; resolves to whether it was applied. */
  transact(statement: Statement): Promise<boolean>;
  /** A statement that is run once, such as one of the schema's; it is not prepared. */
  once(statement: Statement): Promise<types.ResultSet>;
  /** How many nodes the driver knows, of all data centres. */
  nodes(): { datacenter: string; address: string }[];
  close(): Promise<void>;
}

/** Requests under way at once, of writes and of reads. */
export const MAX_WRITES_UNDER_WAY = 128;
export const MAX_READS_UNDER_WAY = 128;
/** Rows fetched at once by a read of many, at the most where no more than that are asked for at first. */
export const PAGE_SIZE = 1_000;
/** Milliseconds a node may take to answer before the next one is asked. */
const ANSWER_TIMEOUT = 5_000;
const CONNECT_TIMEOUT = 5_000;
/** The same for what is run once: a change of the schema waits for all nodes. */
const ONCE_TIMEOUT = 30_000;
/** Milliseconds after which another node is asked as well, and how many of them. */
const SECOND_READ_AFTER = 200;
const MAX_SECOND_READS = 2;
/** A write is repeated elsewhere only when a node hangs: a cluster that is slow must not be given twice the work. */
const SECOND_WRITE_AFTER = 600;
const MAX_SECOND_WRITES = 1;
/** Milliseconds between attempts to reach a node that is down, at the least and the most. */
const RECONNECT_AFTER = 250;
const RECONNECT_AT_MOST = 10_000;
/** Answers missed after which a connection is given up, and ms of silence after which it is asked for a sign. */
const MAX_MISSED_ANSWERS = 16;
const HEARTBEAT = 10_000;

/** Connects; rejects with `StoreAway` when no node of the data centre can be reached. */
export async function connect(options: SessionOptions): Promise<Session> {
  const client = createClient(clientOptions(options));
  try {
    await client.connect();
  } catch (error) {
    await client.shutdown().catch(() => {});
    throw translated(error);
  }
  return sessionOf(client, options);
}

function sessionOf(client: Client, { write, read, datacenter }: SessionOptions): Session {
  const writes = createGate(MAX_WRITES_UNDER_WAY);
  const reads = createGate(MAX_READS_UNDER_WAY);
  const writing = { prepare: true, isIdempotent: true, logged: false, consistency: consistencyCode(write) };
  const reading = { prepare: true, isIdempotent: true, consistency: consistencyCode(read) };

  async function clearly<T>(task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } catch (error) {
      throw translated(error);
    }
  }

  async function writePartition({ statements, stamp }: PartitionRequest): Promise<void> {
    const [first] = statements;
    if (!first) return;
    const options = stamp === undefined ? writing : { ...writing, timestamp: stamp };
    await clearly(() =>
      writes(() =>
        statements.length === 1
          ? client.execute(first.query, first.params, options)
          : client.batch(statements, options),
      ),
    );
  }

  async function* readPages({ query, params }: Statement, firstPage = PAGE_SIZE): AsyncIterable<types.Row[]> {
    const fetch = (fetchSize: number, pageState: string | undefined) =>
      clearly(() =>
        reads(() => client.execute(query, params, { ...reading, fetchSize, ...(pageState && { pageState }) })),
      );
    const most = Math.max(firstPage, PAGE_SIZE);
    let pageState: string | undefined;
    for (let size = Math.max(1, firstPage); ; size = Math.min(2 * size, most)) {
      const page = await fetch(size, pageState);
      yield page.rows;
      pageState = page.pageState;
      if (!pageState) return;
    }
  }

  async function* readRows(statement: Statement, firstPage?: number): AsyncIterable<types.Row> {
    for await (const page of readPages(statement, firstPage)) yield* page;
  }

  async function transact({ query, params }: Statement): Promise<boolean> {
    const result = await clearly(() =>
      writes(() => client.execute(query, params, { ...writing, isIdempotent: false })),
    );
    return result.wasApplied();
  }

  return {
    datacenter,
    write: (statement) => writePartition({ statements: [statement] }),
    writePartition,
    read: readRows,
    readPages,
    transact,
    once: ({ query, params }) =>
      clearly(() => client.execute(query, params, { prepare: params.length > 0, readTimeout: ONCE_TIMEOUT })),
    nodes: () => client.hosts.values().map((host) => ({ datacenter: host.datacenter, address: host.address })),
    close: () => client.shutdown(),
  };
}

function clientOptions(options: SessionOptions): ClientOptions {
  const { contactPoints, datacenter, credentials, tls } = options;
  return {
    contactPoints: [...contactPoints],
    localDataCenter: datacenter,
    ...(credentials && { credentials: { ...credentials } }),
    ...(tls && { sslOptions: tlsOptions(tls) }),
    // A value of a map may have any name, `__proto__` too: no plain object can hold it.
    encoding: { map: Map },
    pooling: { heartBeatInterval: HEARTBEAT },
    socketOptions: {
      readTimeout: ANSWER_TIMEOUT,
      connectTimeout: CONNECT_TIMEOUT,
      defunctReadTimeoutThreshold: MAX_MISSED_ANSWERS,
    },
    policies: {
      // Token-aware within the data centre.
      loadBalancing: new policies.loadBalancing.DefaultLoadBalancingPolicy({ localDc: datacenter }),
      reconnection: new policies.reconnection.ExponentialReconnectionPolicy(RECONNECT_AFTER, RECONNECT_AT_MOST, false),
      speculativeExecution: secondAttempts,
    },
  };
}

/** Asks another node when one takes its time; only what is idempotent comes here. */
const secondAttempts: policies.speculativeExecution.SpeculativeExecutionPolicy = {
  init: () => {},
  shutdown: () => {},
  getOptions: () => new Map(),
  newPlan(_keyspace, query) {
    const isRead = typeof query === 'string' && query.startsWith('SELECT');
    const [delay, most] = isRead ? [SECOND_READ_AFTER, MAX_SECOND_READS] : [SECOND_WRITE_AFTER, MAX_SECOND_WRITES];
    let attempts = 0;
    return { nextExecution: () => (attempts++ < most ? delay : -1) };
  },
};

function tlsOptions({ ca, cert, key }: TlsFiles): ConnectionOptions {
  return {
    rejectUnauthorized: true,
    ...(ca && { ca: [readFileSync(ca)] }),
    ...(cert && { cert: readFileSync(cert) }),
    ...(key && { key: readFileSync(key) }),
  };
}

const codes: Readonly<Record<Consistency, number>> = {
  ONE: types.consistencies.one,
  TWO: types.consistencies.two,
  THREE: types.consistencies.three,
  QUORUM: types.consistencies.quorum,
  ALL: types.consistencies.all,
  LOCAL_ONE: types.consistencies.localOne,
  LOCAL_QUORUM: types.consistencies.localQuorum,
  EACH_QUORUM: types.consistencies.eachQuorum,
};

function consistencyCode(consistency: Consistency): number {
  return codes[consistency];
}
