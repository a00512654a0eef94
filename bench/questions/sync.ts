import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { v4 } from 'uuid';
import { connectCassandra, type Session } from '../../src/sync/cassandra.js';
import { parseSyncConfig, type SyncConfig } from '../../src/sync/config.js';
import { openPair } from '../../src/sync/pair.js';
import type { Work } from '../../src/sync/reconcile.js';
import { connectSearch } from '../../src/sync/search.js';
import { type Finding, type Question, round } from '../question.js';

const STORED = [1_000, 10_000, 100_000];
const CHANGES = 100;
const ADDRESS = '127.77.77.1';
const PARTITIONS = 16;
/** Statements under way at once while rows are made. */
const AT_ONCE = 64;

export const sync: Question = {
  name: 'sync',
  asks: `What do ${CHANGES} changes cost, by the rows that index and table hold in step?`,
  async run(say): Promise<Finding> {
    const directory = await mkdtemp(join(tmpdir(), 'm2mp-bench-'));
    say('starting Cassandra and OpenSearch');
    await script('cassandra.sh', join(directory, 'cassandra'), ADDRESS, ADDRESS, '768m', String(process.pid));
    await script('opensearch.sh', join(directory, 'opensearch'), ADDRESS, '512m', String(process.pid));
    const rows = [];
    const costs: number[] = [];
    try {
      for (const stored of STORED) {
        say(`${stored.toLocaleString('en')} rows`);
        const { first, changed, seconds } = await measure(stored, directory);
        costs.push(looked(changed));
        rows.push({
          'rows in step': stored,
          'rows/s at first': Math.round(stored / first),
          'rows and documents read for 100 changes': looked(changed),
          written: changed.rowsWritten + changed.documentsWritten,
          's for 100 changes': round(seconds),
        });
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    const [least = Number.NaN, , most = Number.NaN] = costs;
    return {
      rows,
      bars: [
        {
          what: 'cost of 100 changes at 10^5 rows to that at 10^3',
          measured: round(most / least),
          bar: 1.1,
          more: false,
          unit: '',
        },
      ],
    };
  },
};

async function measure(stored: number, directory: string): Promise<{ first: number; changed: Work; seconds: number }> {
  const config = configOf(stored, directory);
  const session = await connectCassandra(config);
  const client = connectSearch(config.search);
  try {
    await makeTables(session, config);
    const ids = Array.from({ length: stored }, () => v4());
    // As it comes to be in an hour and more: the table of changes has all of them.
    const start = Math.floor(Date.now() / 1_000) - 10_000;
    await each(ids, (id, n) =>
      change(session, config, id, `first ${n}`, n % PARTITIONS, start + Math.floor(n / PARTITIONS)),
    );
    await sleep(2_000);
    const [pairConfig] = config.pairs;
    if (!pairConfig) throw new Error('no pair');
    const pair = await openPair(pairConfig, { session, client, config, now: Date.now, wait: sleep });
    const first = await timed(() => pair.run());
    await sleep(2_000);
    const now = Math.floor(Date.now() / 1_000);
    await each(ids.slice(0, CHANGES), (id, n) =>
      change(session, config, id, `changed ${n}`, n % PARTITIONS, now + Math.floor(n / PARTITIONS)),
    );
    const second = await timed(() => pair.run());
    if (second.result.documentsWritten !== CHANGES)
      throw new Error(`${second.result.documentsWritten} documents written`);
    return { first: first.seconds, changed: second.result, seconds: second.seconds };
  } finally {
    await client.close();
    await session.close();
  }
}

function configOf(stored: number, directory: string): SyncConfig {
  const text = `
state: ${directory}/state
overlap: 1
search: { nodes: ["http://${ADDRESS}:9200"] }
cassandra: { contact-points: ["${ADDRESS}"], keyspace: bench_${stored}, write-consistency: ONE, read-consistency: ONE }
pairs:
  - name: vehicles-${stored}
    index: vehicles-${stored}
    table: vehicles
    id: { column: id }
    changes: { table: changes, partitions: ${PARTITIONS} }
    timestamp: { field: updated, unit: us }
    columns: { plate: { type: text }, seats: { type: int } }
`;
  return parseSyncConfig(text, join(directory, 'sync.yaml'));
}

async function makeTables(session: Session, { cassandra: { keyspace } }: SyncConfig): Promise<void> {
  const replication = "{'class': 'NetworkTopologyStrategy', 'datacenter1': 1}";
  for (const query of [
    `CREATE KEYSPACE ${keyspace} WITH replication = ${replication}`,
    `CREATE TABLE ${keyspace}.vehicles (id uuid PRIMARY KEY, plate text, seats int)`,
    `CREATE TABLE ${keyspace}.changes (id int, timestamp int, data_id uuid, PRIMARY KEY (id, timestamp))`,
  ])
    await session.once({ query, params: [] });
}

async function change(
  session: Session,
  { cassandra: { keyspace } }: SyncConfig,
  id: string,
  plate: string,
  slot: number,
  second: number,
): Promise<void> {
  const row = `INSERT INTO ${keyspace}.vehicles (id, plate, seats) VALUES (?, ?, ?)`;
  await session.write({ query: row, params: [id, plate, 5] });
  const listed = `INSERT INTO ${keyspace}.changes (id, timestamp, data_id) VALUES (?, ?, ?)`;
  await session.write({ query: listed, params: [slot, second, id] });
}

async function each<T>(values: readonly T[], task: (value: T, n: number) => Promise<void>): Promise<void> {
  let at = 0;
  const worker = async () => {
    for (let n = at++; n < values.length; n = at++) {
      const value = values[n];
      if (value !== undefined) await task(value, n);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

function looked({ rowsRead, documentsRead }: Work): number {
  return rowsRead + documentsRead;
}

async function timed<T>(task: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const startedAt = performance.now();
  const result = await task();
  return { result, seconds: (performance.now() - startedAt) / 1_000 };
}

async function script(name: string, ...parameters: string[]): Promise<void> {
  const path = new URL(`../../../test/services/${name}`, import.meta.url).pathname;
  await promisify(execFile)(path, parameters, { timeout: 300_000 });
}
