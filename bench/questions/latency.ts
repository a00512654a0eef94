import { directPuts, load, type Program, startGateway, startLimitGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

const SECONDS = 3;
const ROUNDS = 3;
const LONE_PUT = 'a lone durable put';
const SERVERS = { gateway: startGateway, 'limit gateway': startLimitGateway } as const;

export const latency: Question = {
  name: 'latency',
  asks: 'How long does the answer to a barrier behind one reading take?',
  async run(say): Promise<Finding> {
    const samples = new Map<string, { p50: number; p99: number }[]>();
    const keep = (name: string, sample: { p50: number; p99: number }) =>
      samples.set(name, [...(samples.get(name) ?? []), sample]);
    for (let round = 1; round <= ROUNDS; round++) {
      for (const connections of [1, 100])
        for (const [name, start] of Object.entries(SERVERS)) {
          say(`round ${round} of ${ROUNDS}: ${name} at ${connections}`);
          keep(`${name}, ${connections}`, await loadOne(start, connections));
        }
      say(`round ${round} of ${ROUNDS}: ${LONE_PUT}`);
      keep(LONE_PUT, await directPuts(1, SECONDS));
    }
    const p50 = (name: string) => samples.get(name)?.map((sample) => sample.p50) ?? [];
    const ratio = (name: string, to: string) => median(p50(name).map((ms, index) => ms / (p50(to)[index] ?? 0)));
    const rows = [...samples].map(([name, all]) => ({
      'program, connections': name,
      'p50 ms': round(median(all.map((sample) => sample.p50))),
      'p99 ms': round(median(all.map((sample) => sample.p99))),
      'p50 / lone put': round(ratio(name, LONE_PUT)),
    }));
    const what = "barrier p50 at one connection, to the limit gateway's";
    const measured = round(ratio('gateway, 1', 'limit gateway, 1'));
    const values = rows.map((row) => ({ label: row['program, connections'], value: row['p50 ms'] }));
    return {
      rows,
      bars: [{ what, measured, bar: 2, more: false, unit: '×' }],
      plot: { title: 'Barrier behind one reading, p50', unit: ' ms', values },
    };
  },
};

async function loadOne(start: () => Promise<Program>, connections: number) {
  const program = await start();
  try {
    return await load({ port: program.port, connections, batch: 1, seconds: SECONDS });
  } finally {
    await program.stop();
  }
}
