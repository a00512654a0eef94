/**
 * How many `sen:loc` frames a second one core takes from the socket's bytes to readings with JSON text, and what the
 * layout alone costs, read by hand and as a declared one. Run it built: `node dist/bench/frames.js`, or with a
 * TypeScript runner.
 */
import { Parser } from 'binary-parser';
import { m2mp } from '../protocols/m2mp/index.js';
import { locationJson } from '../protocols/m2mp/location-layout.js';

const LOCATIONS = 300_000;
/** What a busy socket gives at once. */
const CHUNK_BYTES = 65_536;
/** A location of 16 bytes in its frame. */
const FRAME_BYTES = 19;
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

const declared = new Parser().uint32be('time').floatbe('lat').floatbe('lon').uint16be('spd').int16be('alt');

/** A drive along a road: every location another. */
function drive(): Buffer {
  const device = m2mp.device();
  const frames: Uint8Array[] = [];
  for (let i = 0; i < LOCATIONS; i++) {
    const lat = 48.85661 + ((i * 7) % 1e6) / 1e5;
    const lon = 2.35222 + ((i * 13) % 1e6) / 1e5;
    frames.push(device.location({ time: 1.7e12 + i * 1_000, lat, lon, spd: i % 130, alt: i % 300 }));
  }
  return Buffer.concat(frames);
}

function rate(what: string, count: number, run: () => number): void {
  let best = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const started = process.hrtime.bigint();
    if (run() === 0) throw new Error(`${what}: nothing was done`);
    best = Math.max(best, (count / Number(process.hrtime.bigint() - started)) * 1e9);
  }
  process.stdout.write(`${what.padEnd(44)} ${Math.round(best).toLocaleString('en')}/s\n`);
}

const stream = drive();

rate('sen:loc frames through session.receive', LOCATIONS, () => {
  const session = m2mp.session(facts);
  session.receive(m2mp.device().identify('imei:123456789012345'), 0);
  session.tell(identified, 0);
  let readings = 0;
  for (let at = 0; at < stream.length; at += CHUNK_BYTES)
    readings += session.receive(stream.subarray(at, at + CHUNK_BYTES), at).length;
  return readings;
});

rate('the same, one frame a chunk', LOCATIONS, () => {
  const session = m2mp.session(facts);
  session.receive(m2mp.device().identify('imei:123456789012345'), 0);
  session.tell(identified, 0);
  const frame = m2mp.device().location({ time: 1.7e12, lat: 48.85661, lon: 2.35222, spd: 90, alt: 35 });
  session.receive(frame, 0);
  const alone = Buffer.from(frame.subarray(frame.length - FRAME_BYTES));
  let readings = 0;
  for (let i = 0; i < LOCATIONS; i++) readings += session.receive(alone, i).length;
  return readings;
});

const payload = Buffer.from(stream.subarray(stream.length - 16));
rate('layout by hand, with its JSON', 1_000_000, () => {
  let length = 0;
  for (let i = 0; i < 1_000_000; i++) length += locationJson(payload, 0, 16)?.length ?? 0;
  return length;
});
rate('layout by binary-parser, without JSON', 1_000_000, () => {
  let sum = 0;
  for (let i = 0; i < 1_000_000; i++) sum += declared.parse(payload).time;
  return sum;
});
