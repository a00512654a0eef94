import { type CassandraForBench, startCassandra } from '../cassandra.js';
import { driverBatches, load, startGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';
import type { BatchResult, Way } from '../yardsticks/driver-batches.js';

const SECONDS = 4;
const ROUNDS = 3;
const CONNECTIONS = 200;
const PER_BARRIER = [10, 100];
/** What the driver is tried with: rows of a batch, and batches under way. */
const WAYS: readonly Way[] = [10, 50, 100, 200].flatMap((rows) => [32, 128].map((underWay) => ({ rows, underWay })));

export const cassandra: Question = {
  name: 'cassandra',
  asks: `How many readings a second become durable in Cassandra over ${CONNECTIONS} connections?`,
  async run(say): Promise<Finding> {
    say('starts a node');
    const node = await startCassandra();
    try {
      // A node that has just started is slow, which would be whose turn is first.
      say('warms it up');
      await batches(node, WAYS);
      const rates = new Map<string, number[]>();
      const keep = (name: string, rate: number) => rates.set(name, [...(rates.get(name) ?? []), rate]);
      const best: number[] = [];
      for (let turn = 1; turn <= ROUNDS; turn++) {
        say(`round ${turn} of ${ROUNDS}: the driver's batches`);
        const results = await batches(node, WAYS);
        for (const result of results) keep(nameOf(result), rateOf(result));
        best.push(Math.max(...results.map(rateOf)));
        for (const batch of PER_BARRIER) {
          say(`round ${turn} of ${ROUNDS}: the gateway, ${batch} readings a barrier`);
          keep(`gateway, ${batch} a barrier`, await gatewayRate(node, batch));
        }
      }
      const ratio = (name: string) => round(median((rates.get(name) ?? []).map((rate, i) => rate / (best[i] ?? 0))));
      const rows = [...rates].map(([name, all]) => ({
        program: name,
        'readings/s': Math.round(median(all)),
        "to the driver's best": ratio(name),
      }));
      const bars = PER_BARRIER.map((batch) => ({
        what: `rate with ${batch} a barrier, to the driver's best batches of the same round`,
        measured: ratio(`gateway, ${batch} a barrier`),
        bar: 0.6,
        more: true,
        unit: '×',
      }));
      return { rows, bars };
    } finally {
      node.stop();
    }
  },
};

async function batches(node: CassandraForBench, ways: readonly Way[]): Promise<BatchResult[]> {
  const keyspace = await node.keyspace();
  return driverBatches({ address: node.address, keyspace, series: CONNECTIONS, seconds: SECONDS / 2, ways });
}

async function gatewayRate(node: CassandraForBench, batch: number): Promise<number> {
  const keyspace = await node.keyspace();
  const gateway = await startGateway([
    ...['--store', 'cassandra', '--cassandra-contact-points', node.address, '--cassandra-keyspace', keyspace],
    // All devices are new at once, each of them a lightweight transaction.
    ...['--identify-timeout', '300'],
  ]);
  try {
    const { readings, seconds } = await load({ port: gateway.port, connections: CONNECTIONS, batch, seconds: SECONDS });
    return readings / seconds;
  } finally {
    await gateway.stop();
  }
}

function nameOf({ rows, underWay }: Way): string {
  return `driver, ${rows} rows a batch, ${underWay} under way`;
}

function rateOf({ readings, seconds }: BatchResult): number {
  return readings / seconds;
}
