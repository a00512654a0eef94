import { load, startGateway } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

const SECONDS = 5;
const ROUNDS = 3;
const CONNECTIONS = 200;
const BATCH = 10;
const WORKERS = [1, 2];

export const workers: Question = {
  name: 'workers',
  asks: `What do further workers bring, over ${CONNECTIONS} connections with ${BATCH} readings a barrier?`,
  async run(say): Promise<Finding> {
    const results = new Map<number, { rate: number; p50: number; p99: number }[]>(WORKERS.map((count) => [count, []]));
    for (let round = 1; round <= ROUNDS; round++)
      for (const count of WORKERS) {
        say(`round ${round} of ${ROUNDS}: ${count}`);
        const program = await startGateway(['--workers', String(count)]);
        try {
          const result = await load({ port: program.port, connections: CONNECTIONS, batch: BATCH, seconds: SECONDS });
          results.get(count)?.push({ ...result, rate: result.readings / result.seconds });
        } finally {
          await program.stop();
        }
      }
    const rows = WORKERS.map((count) => {
      const these = results.get(count) ?? [];
      return {
        workers: count,
        'readings/s': Math.round(median(these.map(({ rate }) => rate))),
        'p50 ms': round(median(these.map(({ p50 }) => p50))),
        'p99 ms': round(median(these.map(({ p99 }) => p99))),
        'to one': round(median(these.map(({ rate }, n) => rate / (results.get(1)?.[n]?.rate ?? 0)))),
      };
    });
    return { rows, bars: [] };
  },
};
