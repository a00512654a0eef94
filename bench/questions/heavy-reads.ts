import { load, type Program, startGateway, tokenOf } from '../programs.js';
import { type Finding, median, type Question, round } from '../question.js';

/** Readings of the device that is exported. */
const READINGS = 200_000;
/** Exports at once. */
const READERS = 2;
const CONNECTIONS = 20;
const SECONDS = 5;
const ROUNDS = 3;

export const heavyReads: Question = {
  name: 'heavy-reads',
  asks: `What do barriers wait while ${READERS} clients export ${READINGS.toLocaleString('en')} readings again and again?`,
  async run(say): Promise<Finding> {
    const gateway = await startGateway();
    try {
      say('storing');
      await load({ port: gateway.port, connections: 1, batch: 500, readings: READINGS });
      const quiet: Barriers[] = [];
      const read: (Barriers & { readonly exports: number })[] = [];
      for (let round = 1; round <= ROUNDS; round++) {
        say(`round ${round} of ${ROUNDS}`);
        quiet.push(await barriers(gateway));
        const readers = readAgainAndAgain(gateway);
        try {
          read.push({ ...(await barriers(gateway)), exports: readers.count() });
        } finally {
          await readers.end();
        }
      }
      const row = (what: string, these: readonly Barriers[], exports: number) => ({
        what,
        'barriers p50 ms': round(median(these.map(({ p50 }) => p50))),
        'p99 ms': round(median(these.map(({ p99 }) => p99))),
        exports,
      });
      return {
        rows: [
          row('nobody reads', quiet, 0),
          row(
            `${READERS} read`,
            read,
            read.reduce((sum, { exports }) => sum + exports, 0),
          ),
        ],
        bars: [],
      };
    } finally {
      await gateway.stop();
    }
  },
};

interface Barriers {
  readonly p50: number;
  readonly p99: number;
}

function barriers({ port }: Program): Promise<Barriers> {
  return load({ port, first: 1_000, connections: CONNECTIONS, batch: 1, seconds: SECONDS });
}

function readAgainAndAgain({ url, directory }: Program): { count(): number; end(): Promise<void> } {
  const token = tokenOf({ directory });
  const ended = new AbortController();
  let count = 0;
  async function read(): Promise<void> {
    const where = `${url}/api/devices/imei:000000000000000/readings?type=sen:loc&format=ndjson`;
    while (!ended.signal.aborted) {
      const response = await fetch(where, { headers: { authorization: `Bearer ${token}` }, signal: ended.signal });
      let lines = 0;
      for await (const bytes of response.body ?? []) for (const byte of bytes) if (byte === 0x0a) lines++;
      if (lines < READINGS) throw new Error(`${lines} of ${READINGS} readings came back`);
      count++;
    }
  }
  const readers = Array.from({ length: READERS }, read).map((reader) =>
    reader.catch((error: Error) => {
      if (error.name !== 'AbortError') throw error;
    }),
  );
  return {
    count: () => count,
    async end() {
      ended.abort();
      await Promise.all(readers);
    },
  };
}
