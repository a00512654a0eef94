import { type CassandraForBench, startCassandra } from '../cassandra.js';
import { driverBatches, load, startGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';
import type { BatchResult, Way } from '../yardsticks/driver-batches.js';

/** Of a gateway, whose barriers may take a second or two; each way of the driver has a quarter of it. */
const SECONDS = 8;
const ROUNDS = 3;
const CONNECTIONS = 200;
/** Readings a barrier: so many are in one partition at a time. */
const FEW = 10;
const MANY = 100;
/** What the driver is tried with: rows of a batch, and batches under way. */
const BATCHES: readonly Way[] = [10, 50, 100, 200].flatMap((rows) =>
  [32, 128].map((underWay) => ({ rows, underWay, as: 'batch' as const })),
);
/** What it can besides batches, as the gateway does it: one statement of so many rows. */
const STATEMENTS: readonly Way[] = [10, 100].map((rows) => ({ rows, underWay: 32, as: 'statement' }));
const WAYS = [...BATCHES, ...STATEMENTS];

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
      const bestOfFew: number[] = [];
      for (let turn = 1; turn <= ROUNDS; turn++) {
        say(`round ${turn} of ${ROUNDS}: the driver's batches`);
        const results = await batches(node, WAYS);
        for (const result of results) keep(nameOf(result), rateOf(result));
        const inBatches = results.filter(({ as }) => as === 'batch');
        best.push(Math.max(...inBatches.map(rateOf)));
        bestOfFew.push(Math.max(...inBatches.filter(({ rows }) => rows === FEW).map(rateOf)));
        for (const batch of [FEW, MANY]) {
          say(`round ${turn} of ${ROUNDS}: the gateway, ${batch} readings a barrier`);
          keep(gatewayName(batch), await gatewayRate(node, batch));
        }
      }
      const ratio = (name: string, to: readonly number[]) =>
        round(median((rates.get(name) ?? []).map((rate, index) => rate / (to[index] ?? 0))));
      const rows = [...rates].map(([program, all]) => ({
        program,
        'readings/s': Math.round(median(all)),
        "to the driver's best batches": ratio(program, best),
      }));
      const bar = (what: string, batch: number, to: readonly number[]) => ({
        what: `rate with ${batch} a barrier, to ${what}, in the same round`,
        measured: ratio(gatewayName(batch), to),
        bar: 0.6,
        more: true,
        unit: '×',
      });
      return {
        rows,
        bars: [
          bar("the driver's best batches", MANY, best),
          bar(`the driver's best of ${FEW} rows, which is all that such a device gives at once`, FEW, bestOfFew),
        ],
      };
    } finally {
      node.stop();
    }
  },
};

async function batches(node: CassandraForBench, ways: readonly Way[]): Promise<BatchResult[]> {
  const keyspace = await node.keyspace();
  return driverBatches({ address: node.address, keyspace, series: CONNECTIONS, seconds: SECONDS / 4, ways });
}

async function gatewayRate(node: CassandraForBench, batch: number): Promise<number> {
  // All devices are new at once.
  const gateway = await startGateway([...(await node.gatewayFlags()), '--identify-timeout', '300']);
  try {
    const { readings, seconds } = await load({ port: gateway.port, connections: CONNECTIONS, batch, seconds: SECONDS });
    return readings / seconds;
  } finally {
    await gateway.stop();
  }
}

function gatewayName(batch: number): string {
  return `gateway, ${batch} a barrier`;
}

function nameOf({ rows, underWay, as }: Way): string {
  return `driver, ${rows} rows a ${as}, ${underWay} under way`;
}

function rateOf({ readings, seconds }: BatchResult): number {
  return readings / seconds;
}
