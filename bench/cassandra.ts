/** A Cassandra node of the benchmark's own, which ends with it. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { initCassandra } from '../src/store/open.js';

export interface CassandraForBench {
  readonly address: string;
  /** Makes a keyspace; resolves to its name. */
  keyspace(): Promise<string>;
  /** What a gateway is started with to store in a keyspace of its own, which is made. */
  gatewayFlags(): Promise<string[]>;
  /** Ends the node. */
  stop(): void;
}

const HEAP = '1536m';

/** Starts it on an address of this process's own; java and mvn must be there. */
export async function startCassandra(): Promise<CassandraForBench> {
  const address = `127.${1 + (process.pid % 250)}.${1 + (Math.floor(process.pid / 250) % 250)}.1`;
  const directory = join(tmpdir(), `m2mp-bench-cassandra-${process.pid}`);
  const script = new URL('../../test/services/cassandra.sh', import.meta.url).pathname;
  const { stdout } = await promisify(execFile)(script, [directory, address, address, HEAP, String(process.pid)]);
  const node = Number(/pid (\d+)/.exec(stdout)?.[1]);
  let keyspaces = 0;

  async function keyspace(): Promise<string> {
    const name = `bench_${keyspaces++}`;
    const session = { contactPoints: [address], datacenter: 'datacenter1', keyspace: name };
    const copies = new Map([['datacenter1', 1]]);
    await initCassandra({ ...session, write: 'LOCAL_QUORUM', read: 'LOCAL_QUORUM' }, copies);
    return name;
  }

  return {
    address,
    keyspace,
    async gatewayFlags() {
      const own = await keyspace();
      return ['--store', 'cassandra', '--cassandra-contact-points', address, '--cassandra-keyspace', own];
    },
    stop() {
      process.kill(node, 'SIGKILL');
    },
  };
}
