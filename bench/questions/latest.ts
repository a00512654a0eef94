import { load, type Program, startGateway, tokenOf } from '../programs.js';
import { type Finding, median, type Question, type Row, round } from '../question.js';

const DEVICES = 50_000;
const READINGS_EACH = 100;
/** Connections at once while they are made known. */
const AT_ONCE = 5_000;
const ROUNDS = 5;
const FORMATS = ['json', 'geojson'] as const;
const MB = 1 << 20;

export const latest: Question = {
  name: 'latest',
  asks: `How long does it take to get the latest place of ${DEVICES} devices with ${READINGS_EACH} readings each in one answer?`,
  async run(say): Promise<Finding> {
    const gateway = await startGateway(['--provision-limit', '0', '--identify-timeout', '300']);
    try {
      for (let first = 0; first < DEVICES; first += AT_ONCE) {
        say(`${first} of ${DEVICES} devices are known`);
        await load({ port: gateway.port, first, connections: AT_ONCE, batch: 10, readings: READINGS_EACH * AT_ONCE });
      }
      const token = tokenOf(gateway);
      const rows: Row[] = [];
      for (const format of FORMATS) {
        say(format);
        const answers: Answer[] = [];
        for (let turn = 1; turn <= ROUNDS; turn++) answers.push(await asked(gateway, token, format));
        const [{ bytes } = { bytes: 0 }] = answers;
        const seconds = median(answers.map((answer) => answer.seconds));
        rows.push({
          format,
          MB: round(bytes / MB),
          's an answer': round(seconds),
          'devices/s': Math.round(DEVICES / seconds),
          'ms to its first byte': round(median(answers.map(({ firstByte }) => firstByte))),
        });
      }
      return { rows, bars: [] };
    } finally {
      await gateway.stop();
    }
  },
};

interface Answer {
  readonly seconds: number;
  /** Milliseconds. */
  readonly firstByte: number;
  readonly bytes: number;
}

async function asked({ url }: Program, token: string, format: string): Promise<Answer> {
  const started = performance.now();
  const headers = { authorization: `Bearer ${token}`, 'accept-encoding': 'identity' };
  const response = await fetch(`${url}/api/latest?format=${format}`, { headers });
  if (!response.ok || !response.body) throw new Error(`${response.status} ${await response.text()}`);
  let firstByte = 0;
  const pieces: Uint8Array[] = [];
  for await (const piece of response.body) {
    firstByte ||= performance.now() - started;
    pieces.push(piece);
  }
  const seconds = (performance.now() - started) / 1_000;
  const text = Buffer.concat(pieces).toString();
  const count = text.split('"ident"').length - 1;
  if (count !== DEVICES) throw new Error(`${count} of ${DEVICES} devices came back`);
  return { seconds, firstByte, bytes: text.length };
}
