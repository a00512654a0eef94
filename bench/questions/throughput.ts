import { directPuts, load, type Program, startBareServer, startGateway, startLimitGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

const SECONDS = 3;
const ROUNDS = 3;
const CONNECTIONS = 200;
const SERVERS = { gateway: startGateway, 'limit gateway': startLimitGateway, 'bare server': startBareServer } as const;
const DIRECT = 'LMDB directly';
const PER_BARRIER = [10, 100];
/** What a device sends before it asks: many fewer than a hundred. */
const BAR_AT = 10;

export const throughput: Question = {
  name: 'throughput',
  asks: `How many readings a second become durable over ${CONNECTIONS} connections?`,
  async run(say): Promise<Finding> {
    const rows = [];
    const bars = [];
    for (const batch of PER_BARRIER) {
      const rates = new Map<string, number[]>();
      const latencies = new Map<string, { p50: number; p99: number }[]>();
      const keep = (name: string, rate: number, latency: { p50: number; p99: number }) => {
        rates.set(name, [...(rates.get(name) ?? []), rate]);
        latencies.set(name, [...(latencies.get(name) ?? []), latency]);
      };
      for (let round = 1; round <= ROUNDS; round++) {
        for (const [name, start] of Object.entries(SERVERS)) {
          say(`${batch} readings a barrier, round ${round} of ${ROUNDS}: ${name}`);
          const result = await loadOne(start, batch);
          keep(name, result.readings / result.seconds, result);
        }
        say(`${batch} readings a barrier, round ${round} of ${ROUNDS}: ${DIRECT}`);
        const direct = await directPuts(CONNECTIONS * batch, SECONDS);
        keep(DIRECT, direct.rows / direct.seconds, direct);
      }
      const ratio = (name: string) =>
        median((rates.get('gateway') ?? []).map((rate, index) => rate / (rates.get(name)?.[index] ?? 0)));
      for (const name of rates.keys())
        rows.push({
          'readings a barrier': batch,
          program: name,
          'readings/s': Math.round(median(rates.get(name) ?? [])),
          'p50 ms': round(median((latencies.get(name) ?? []).map(({ p50 }) => p50))),
          'p99 ms': round(median((latencies.get(name) ?? []).map(({ p99 }) => p99))),
          'gateway / it': round(ratio(name)),
        });
      if (batch !== BAR_AT) continue;
      const what = `rate with ${batch} a barrier, to the limit gateway's`;
      bars.push({ what, measured: round(ratio('limit gateway')), bar: 0.6, more: true, unit: '×' });
    }
    const values = rows
      .filter((row) => row['readings a barrier'] === 10)
      .map((row) => ({ label: row.program, value: row['readings/s'] }));
    const title = `Readings a second, ${CONNECTIONS} connections, 10 a barrier`;
    return { rows, bars, plot: { title, unit: '/s', values } };
  },
};

async function loadOne(start: () => Promise<Program>, batch: number) {
  const program = await start();
  try {
    return await load({ port: program.port, connections: CONNECTIONS, batch, seconds: SECONDS });
  } finally {
    await program.stop();
  }
}
