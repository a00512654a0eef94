/** Real servers for the tests: where they can be had, and how they are started, paused and killed. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A server on the standard ports of an address of its own. */
export interface Service {
  readonly address: string;
  readonly directory: string;
  /** SIGKILL, SIGTERM to end in order, or SIGSTOP and SIGCONT. */
  signal(signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Kills it, if it still runs. */
  stop(): void;
  /** Starts it again after it was killed. */
  restart(): Promise<void>;
}

/** Milliseconds a server may take to start, the first time with what it takes to get it. */
export const SERVICE_TIMEOUT = 300_000;

/**
 * Whether a suite must be skipped because there is nothing to run its servers with; with M2MP_TEST_ALL it is run, and
 * fails. For `describe.skipIf(skipWithout(...))`.
 */
export function skipWithout(...services: readonly ('cassandra' | 'nsq' | 'opensearch')[]): boolean {
  const needs = { cassandra: ['java', 'mvn'], nsq: ['go'], opensearch: ['java', 'mvn', 'curl'] };
  const missing = services.flatMap((service) => needs[service]).filter((program) => !isThere(program));
  return missing.length > 0 && !process.env['M2MP_TEST_ALL'];
}

/** The one node that all suites of a run share, each with keyspaces of its own; started by the first that asks. */
export async function sharedCassandra(): Promise<Service> {
  return startCassandra({ name: 'shared', address: addressOf(1), heap: '768m' });
}

export interface CassandraNode {
  /** Of its directory, within those of the run. */
  readonly name: string;
  readonly address: string;
  /** Address of a node of the same cluster. */
  readonly seed?: string;
  readonly heap?: string;
  /** TLS with the certificate `node.pem` of its directory, and credentials: user and password are cassandra. */
  readonly guarded?: boolean;
  /** Whether it confirms a write only when that is on the disk: else a node that is killed forgets its last seconds. */
  readonly synced?: boolean;
}

/** Starts a node, and returns once it takes CQL; one that runs is left as it is. It ends with the run of the tests. */
export async function startCassandra(node: CassandraNode): Promise<Service> {
  const { name, address, seed = address, heap = '512m', guarded = false, synced = false } = node;
  const directory = join(runDirectory(), name);
  const variables = {
    ...(guarded && { M2MP_CASSANDRA_GUARDED: '1' }),
    ...(synced && { M2MP_CASSANDRA_COMMITLOG: 'batch' }),
  };
  const start = () => script('cassandra.sh', [directory, address, seed, heap, String(owner)], variables);
  await start();
  return serviceOf(address, directory, 'pid', start);
}

export interface Nsq {
  readonly nsqd: Service;
  readonly nsqlookupd: Service;
}

/** Starts one more nsqd, known to the nsqlookupd of another address; it ends with the run of the tests. */
export async function startNsqd(name: string, address: string, lookup: string): Promise<Service> {
  const directory = join(runDirectory(), name);
  const start = () => script('nsq.sh', [directory, address, String(owner)], { M2MP_NSQ_LOOKUP: lookup });
  await start();
  return serviceOf(address, directory, 'nsqd.pid', start);
}

/** Starts nsqd and nsqlookupd on an address; they end with the run of the tests. */
export async function startNsq(name: string, address: string): Promise<Nsq> {
  const directory = join(runDirectory(), name);
  const start = () => script('nsq.sh', [directory, address, String(owner)]);
  await start();
  return {
    nsqd: serviceOf(address, directory, 'nsqd.pid', start),
    nsqlookupd: serviceOf(address, directory, 'nsqlookupd.pid', start),
  };
}

/** The one OpenSearch node that all suites of a run share, each with indices of its own: HTTP on its port 9200. */
export async function sharedOpenSearch(): Promise<Service> {
  const address = addressOf(1);
  const directory = join(runDirectory(), 'opensearch');
  const start = () => script('opensearch.sh', [directory, address, '512m', String(owner)]);
  await start();
  return serviceOf(address, directory, 'pid', start);
}

/**
 * The nth loopback address of this run, 127.A.B.n: all of 127.0.0.0/8 is this machine, and runs side by side do not
 * meet. 1 is the shared node's.
 */
export function addressOf(n: number): string {
  return `127.${1 + (owner % 250)}.${1 + (Math.floor(owner / 250) % 250)}.${n}`;
}

/** The process whose end ends the servers: that of the whole run, of which the test files' processes are children. */
const owner = process.env['VITEST'] ? process.ppid : process.pid;

function runDirectory(): string {
  const directory = join(tmpdir(), `m2mp-services-${owner}`);
  mkdirSync(directory, { recursive: true });
  return directory;
}

async function script(name: string, parameters: readonly string[], variables: Record<string, string> = {}) {
  const path = new URL(name, import.meta.url).pathname;
  await promisify(execFile)(path, parameters, { env: { ...process.env, ...variables }, timeout: SERVICE_TIMEOUT });
}

function serviceOf(address: string, directory: string, pidFile: string, restart: () => Promise<void>): Service {
  function signal(signal: NodeJS.Signals): void {
    process.kill(Number(readFileSync(join(directory, pidFile), 'utf8')), signal);
  }
  function stop(): void {
    try {
      signal('SIGKILL');
    } catch {
      // It was killed before.
    }
  }
  return { address, directory, restart, signal, stop };
}

function isThere(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
