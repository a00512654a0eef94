import type { LoadProgress } from '../load.js';
import { startGateway, startLoad } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

/** Readings stored at which the rate is taken, over as many readings as `WINDOW`. */
const STORED = [100_000, 1_000_000, 10_000_000];
const WINDOW = 1_000_000;
const CONNECTIONS = 200;
const BATCH = 100;

export const growth: Question = {
  name: 'growth',
  asks: 'Does storing slow down as the store grows?',
  async run(say): Promise<Finding> {
    const gateway = await startGateway();
    try {
      const progress: LoadProgress[] = [];
      const last = (STORED.at(-1) ?? 0) + WINDOW;
      say(`storing ${last.toLocaleString('en')} readings`);
      const order = { port: gateway.port, connections: CONNECTIONS, batch: BATCH, readings: last };
      await startLoad(order, (step) => progress.push(step)).result;
      const rows = STORED.map((stored) => ({
        'stored before': stored,
        'readings/s': Math.round(rateFrom(progress, stored)),
      }));
      const [first, , tenMillion] = rows;
      const slower = 1 - (tenMillion?.['readings/s'] ?? 0) / (first?.['readings/s'] ?? 0);
      return {
        rows,
        bars: [
          { what: 'slower at 10^7 stored than at 10^5', measured: round(slower), bar: 0.1, more: false, unit: '' },
        ],
        plot: {
          title: `Readings a second by what is stored, ${BATCH} a barrier`,
          unit: '/s',
          values: rows.map((row) => ({ label: row['stored before'].toLocaleString('en'), value: row['readings/s'] })),
        },
      };
    } finally {
      await gateway.stop();
    }
  },
};

/** The middle rate of the steps from so many stored on: what else the machine did for a while does not count. */
function rateFrom(progress: readonly LoadProgress[], stored: number): number {
  const steps = progress.flatMap((step, index) => {
    const before = progress[index - 1];
    const inWindow = before && before.acknowledged >= stored && step.acknowledged <= stored + WINDOW;
    return inWindow ? [((step.acknowledged - before.acknowledged) / (step.at - before.at)) * 1_000] : [];
  });
  return median(steps);
}
