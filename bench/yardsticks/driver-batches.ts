/**
 * What the Cassandra driver can do by itself, as a yardstick: unlogged batches of one partition each, so many under way,
 * with the two rows that each reading has, and values that are encoded already; or one statement that inserts as many.
 * One order after the other in the same process, so that nothing is compiled anew. Usage: node driver-batches.js '{"address":…,"keyspace":…,…}' (`BatchOrder`);
 * prints one line of JSON (`BatchResult`) for each of its ways.
 */
import { Client, types } from 'cassandra-driver';

export interface BatchOrder {
  readonly address: string;
  readonly keyspace: string;
  readonly series: number;
  /** Seconds that count, of each way, behind one that does not. */
  readonly seconds: number;
  readonly ways: readonly Way[];
}

export interface Way {
  /** Rows of a batch. */
  readonly rows: number;
  /** Batches under way at once. */
  readonly underWay: number;
  /** How they are given to the driver. */
  readonly as: 'batch' | 'statement';
}

export type BatchResult = Way & { readonly readings: number; readonly seconds: number };

const order: BatchOrder = JSON.parse(process.argv[2] ?? '{}');
const client = new Client({ contactPoints: [order.address], localDataCenter: 'datacenter1' });
await client.connect();
const query = `INSERT INTO ${order.keyspace}.timeseries (id, date, time, type, data) VALUES (?, ?, ?, ?, ?)`;
const options = { prepare: true, logged: false, isIdempotent: true, consistency: types.consistencies.localQuorum };

const date = Buffer.from('2026-11');
const type = Buffer.from('sen:loc');
const data = Buffer.from(JSON.stringify({ lat: 48.85661, lon: 2.35221, spd: 50, alt: 120 }));
// The second row of a reading is in a partition of its type.
const partitions = Array.from({ length: 2 * order.series }, (_, index) =>
  Buffer.from(`00000000-0000-5000-8000-${String(index >> 1).padStart(12, '0')}${index % 2 === 0 ? '' : '!sen:loc'}`),
);

let made = 0;
function rowsOf(partition: Buffer, count: number): { query: string; params: unknown[] }[] {
  return Array.from({ length: count }, () => {
    // A version-1 UUID: only its time differs.
    const time = Buffer.from('00000000e58611f1bc9222561b2e5f17', 'hex');
    time.writeUInt32BE(made++ >>> 0);
    return { query, params: [partition, date, time, type, data] };
  });
}

function write(partition: Buffer, { rows, as }: Way): Promise<unknown> {
  const statements = rowsOf(partition, rows);
  if (as === 'batch') return client.batch(statements, options);
  const params = statements.flatMap((statement) => statement.params);
  return client.execute(insertOf(rows), params, options);
}

const inserts = new Map<number, string>();

/** One statement of so many rows, made once. */
function insertOf(rows: number): string {
  const text =
    inserts.get(rows) ?? `BEGIN UNLOGGED BATCH ${Array.from({ length: rows }, () => query).join('; ')}; APPLY BATCH`;
  inserts.set(rows, text);
  return text;
}

async function measure(way: Way): Promise<BatchResult> {
  const { rows, underWay } = way;
  let counted = 0;
  let counting = false;
  let over = false;
  let next = 0;
  async function worker(): Promise<void> {
    while (!over) {
      const partition = partitions[next++ % partitions.length] ?? Buffer.alloc(0);
      await write(partition, way);
      if (counting) counted += rows;
    }
  }
  const workers = Promise.all(Array.from({ length: underWay }, worker));
  await passed(1);
  counting = true;
  const started = performance.now();
  await passed(order.seconds);
  counting = false;
  const seconds = (performance.now() - started) / 1_000;
  over = true;
  await workers;
  return { ...way, readings: counted / 2, seconds };
}

function passed(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
}

for (const way of order.ways) process.stdout.write(`${JSON.stringify(await measure(way))}\n`);
await client.shutdown();
