/**
 * How many lines of ALIP a second one core takes from the socket's bytes to readings with JSON text. Run it built:
 * `node dist/bench/lines.js`.
 */
import { alip } from '../protocols/alip/index.js';

const LINES = 300_000;
/** What a busy socket gives at once. */
const CHUNK_BYTES = 65_536;
const ROUNDS = 5;

const facts = { id: 1, source: 'bench', openedAt: 0, version: '0', debug: false };
const identified = {
  tell: 'identified',
  deviceId: '00000000-0000-5000-8000-000000000000',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  handsOver: () => false,
} as const;

function rate(what: string, line: (index: number) => Uint8Array, chunkBytes: number): void {
  const stream = Buffer.concat(Array.from({ length: LINES }, (_, index) => line(index)));
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const session = alip.session(facts);
    session.receive(alip.device().identify('imei:123456789012345'), 0);
    session.tell(identified, 0);
    let stored = 0;
    const started = process.hrtime.bigint();
    for (let at = 0; at < stream.length; at += chunkBytes)
      for (const effect of session.receive(stream.subarray(at, at + chunkBytes), at))
        if (effect.do === 'store') stored++;
    best = Math.max(best, (LINES / Number(process.hrtime.bigint() - started)) * 1e9);
    if (stored !== LINES) throw new Error(`${what}: ${stored} of ${LINES} lines became readings`);
  }
  process.stdout.write(`${what.padEnd(44)} ${Math.round(best).toLocaleString('en')}/s\n`);
}

const device = alip.device();
const location = (index: number) => ({
  time: 1.7e12 + index * 1_000,
  lat: 48.85661 + ((index * 7) % 1e6) / 1e5,
  lon: 2.35222 + ((index * 13) % 1e6) / 1e5,
  spd: index % 130,
  alt: index % 300,
});
rate('dated locations (E … L)', (index) => device.location(location(index)), CHUNK_BYTES);
rate('the same, cut at every 100 bytes', (index) => device.location(location(index)), 100);
rate('values (D T)', (index) => device.reading('T', String(index % 40), null), CHUNK_BYTES);
rate('values that are not ASCII', (index) => device.reading('note', `${index % 40} °C`, null), CHUNK_BYTES);
