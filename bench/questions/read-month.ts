import { load, startGateway, tokenOf } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

/** One a minute, in a month of 31 days. */
const READINGS = 44_640;
const OTHERS = 1_000_000;
const ROUNDS = 5;
const PAGE = 1_000;

interface Page {
  readonly readings: readonly unknown[];
  readonly next: string | null;
}

export const readMonth: Question = {
  name: 'read-month',
  asks: `How long does it take to read a month of one device over the API, ${READINGS} readings among ${OTHERS} others?`,
  async run(say): Promise<Finding> {
    const gateway = await startGateway();
    try {
      say('storing');
      await load({ port: gateway.port, connections: 200, batch: 100, readings: OTHERS });
      await load({ port: gateway.port, connections: 1, batch: 360, readings: READINGS });
      const token = tokenOf(gateway);
      const pages: number[] = [];
      const months: number[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`round ${round} of ${ROUNDS}`);
        const started = performance.now();
        let read = 0;
        let cursor = '';
        do {
          const pageStarted = performance.now();
          const url = `${gateway.url}/api/devices/imei:000000000000000/readings?type=sen:loc&limit=${PAGE}${cursor}`;
          const response = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
          const page: Page = JSON.parse(await response.text());
          pages.push(performance.now() - pageStarted);
          read += page.readings.length;
          cursor = page.next ? `&cursor=${encodeURIComponent(page.next)}` : '';
        } while (cursor && read < READINGS);
        if (read < READINGS) throw new Error(`${read} of ${READINGS} readings came back`);
        months.push((performance.now() - started) / 1_000);
      }
      const rows = [
        {
          'readings a page': PAGE,
          'ms a page': round(median(pages)),
          's a month': round(median(months)),
          'readings/s': Math.round(READINGS / median(months)),
        },
      ];
      return { rows, bars: [] };
    } finally {
      await gateway.stop();
    }
  },
};
