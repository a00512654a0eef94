import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import type { DeviceSide, Protocol } from '../../protocols/protocol.js';
import type { Finding, Question } from '../question.js';

const READINGS = 300_000;
/** What a busy socket gives at once. */
const CHUNK_BYTES = 65_536;
const ROUNDS = 5;

const facts = { id: 1, source: 'bench', transport: 'tcp' as const, openedAt: 0, version: '0', debug: false };
const identified = {
  tell: 'identified',
  deviceId: '00000000-0000-5000-8000-000000000000',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
} as const;

type Writer = (device: DeviceSide, index: number) => Uint8Array;

/** A drive along a road: every location another. */
const location: Writer = (device, index) =>
  device.location({
    time: 1.7e12 + index * 1_000,
    lat: 48.85661 + ((index * 7) % 1e6) / 1e5,
    lon: 2.35222 + ((index * 13) % 1e6) / 1e5,
    spd: index % 130,
    alt: index % 300,
  });
const temperature: Writer = (device, index) => device.reading('sen:temp', String(index % 40), null);

const CASES: readonly (readonly [string, Protocol, Writer, number])[] = [
  ['M2MP locations', m2mp, location, CHUNK_BYTES],
  ['M2MP locations, 19 bytes a chunk', m2mp, location, 19],
  ['M2MP texts', m2mp, temperature, CHUNK_BYTES],
  ['ALIP locations', alip, location, CHUNK_BYTES],
  ['ALIP locations, 40 bytes a chunk', alip, location, 40],
  ['ALIP texts', alip, temperature, CHUNK_BYTES],
];

export const decoding: Question = {
  name: 'decoding',
  asks: 'How many readings a second does one core take from bytes to JSON?',
  async run(say): Promise<Finding> {
    const rows = CASES.map(([what, protocol, write, chunkBytes]) => {
      say(what);
      return { what, 'readings/s': Math.round(best(protocol, write, chunkBytes)) };
    });
    const values = rows.map((row) => ({ label: row.what, value: row['readings/s'] }));
    return { rows, bars: [], plot: { title: 'Decoded to JSON on one core', unit: '/s', values } };
  },
};

function best(protocol: Protocol, write: Writer, chunkBytes: number): number {
  const device = protocol.device();
  const stream = Buffer.concat(Array.from({ length: READINGS }, (_, index) => write(device, index)));
  let rate = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const session = protocol.session(facts);
    session.receive(protocol.device().identify('imei:123456789012345'), 0);
    session.tell(identified, 0);
    let stored = 0;
    const started = process.hrtime.bigint();
    for (let at = 0; at < stream.length; at += chunkBytes)
      for (const effect of session.receive(stream.subarray(at, at + chunkBytes), at))
        if (effect.do === 'store') stored++;
    rate = Math.max(rate, (READINGS / Number(process.hrtime.bigint() - started)) * 1e9);
    if (stored !== READINGS) throw new Error(`${protocol.name}: ${stored} of ${READINGS} became readings`);
  }
  return rate;
}
