import { readFileSync } from 'node:fs';
import { load, type Program, startGateway, tokenOf } from '../programs.js';
import { type Finding, type Question, type Row, round } from '../question.js';

const READINGS = 1_000_000;
/** A tenth of them, to compare with: what is constant is the same for both. */
const FEWER = READINGS / 10;
const FORMATS = ['ndjson', 'csv', 'geojson', 'gpx', 'kml'] as const;
/** Milliseconds between two looks at the gateway's memory. */
const LOOK_EVERY = 50;
const MB = 1 << 20;

interface Memory {
  /** Bytes of memory in use, and those of them that are no mapped file: the data is read by mapping it. */
  readonly all: number;
  readonly own: number;
}

interface Answer {
  readonly seconds: number;
  readonly bytes: number;
  /** The most that was seen. */
  readonly memory: Memory;
}

export const exports: Question = {
  name: 'exports',
  asks: `How much memory does the gateway take to export ${READINGS} readings of one device, and how long?`,
  async run(say): Promise<Finding> {
    const gateway = await startGateway();
    try {
      say('storing');
      await load({ port: gateway.port, connections: 1, batch: 1_000, readings: READINGS });
      const token = tokenOf(gateway);
      const before = memoryOf(gateway);
      await exported(gateway, token, 'ndjson', FEWER);
      const rows: Row[] = [];
      const growths: number[] = [];
      for (const format of FORMATS) {
        say(format);
        const few = await exported(gateway, token, format, FEWER);
        const all = await exported(gateway, token, format, READINGS);
        growths.push((all.memory.own - few.memory.own) / MB);
        rows.push({
          format,
          MB: round(all.bytes / MB),
          'readings/s': Math.round(READINGS / all.seconds),
          'RSS before, MB': round(before.all / MB),
          'most RSS, MB': round(all.memory.all / MB),
          'of it no mapped data, MB': round(all.memory.own / MB),
          [`the same for ${FEWER}, MB`]: round(few.memory.own / MB),
        });
      }
      const what = `memory for ${READINGS} readings more than for ${FEWER}, the most of all formats`;
      return { rows, bars: [{ what, measured: round(Math.max(...growths)), bar: 64, more: false, unit: ' MB' }] };
    } finally {
      await gateway.stop();
    }
  },
};

/** Reads an export to its end, as fast as it comes, and looks at the gateway's memory meanwhile. */
async function exported(gateway: Program, token: string, format: string, limit: number): Promise<Answer> {
  let most = memoryOf(gateway);
  const looking = setInterval(() => {
    const now = memoryOf(gateway);
    most = { all: Math.max(most.all, now.all), own: Math.max(most.own, now.own) };
  }, LOOK_EVERY);
  try {
    const started = performance.now();
    const url = `${gateway.url}/api/devices/imei:000000000000000/readings?type=sen:loc&format=${format}&limit=${limit}`;
    const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' };
    const response = await fetch(url, { headers });
    if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
    let bytes = 0;
    for await (const piece of response.body) bytes += piece.length;
    return { seconds: (performance.now() - started) / 1_000, bytes, memory: most };
  } finally {
    clearInterval(looking);
  }
}

function memoryOf({ process }: Program): Memory {
  const status = readFileSync(`/proc/${process.pid}/status`, 'utf8');
  const kilobytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? Number.NaN);
  return { all: kilobytes('VmRSS') * 1_024, own: kilobytes('RssAnon') * 1_024 };
}
