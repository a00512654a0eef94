import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice, type H02Device } from '../../../protocols/h02/device.js';
import { explain } from '../../../protocols/h02/explain.js';
import type { Effect, Session } from '../../../protocols/protocol.js';
import { ID, identified, identifiedSession, NOW, newSession, stored } from './conversation-with-a-server.js';

const KINDS = ['V1', 'V4', 'V6', 'NBR', 'HTBT', 'LINK'];
const location = fc.record({
  time: fc.integer({ min: NOW / 1_000 - 86_400, max: NOW / 1_000 }).map((seconds) => seconds * 1_000),
  lat: fc.integer({ min: -90_000_000, max: 90_000_000 }).map((value) => value / 1_000_000),
  lon: fc.integer({ min: -180_000_000, max: 180_000_000 }).map((value) => value / 1_000_000),
  spd: fc.nat(300),
});
const digits = (length: number) => fc.stringMatching(new RegExp(`^[0-9]{${length}}$`));
const packet = fc
  .tuple(digits(22), digits(8), fc.nat(255), digits(9), fc.nat(15), digits(6), fc.nat(0xffff_ffff))
  .map(([head, lat, battery, lon, flags, motion, status]) => {
    const hex = (value: number, width: number) => value.toString(16).padStart(width, '0');
    return Buffer.from(
      `24${ID}${head.slice(10)}${lat}${hex(battery, 2)}${lon}${hex(flags, 1)}${motion}${hex(status, 8)}000000`,
      'hex',
    );
  });
const field = fc.oneof(
  fc.stringMatching(/^[0-9A-Z. ]{0,10}$/),
  fc.constantFrom('083015', 'A', 'V', 'N', 'E', '010326'),
);
const saying: fc.Arbitrary<(device: H02Device) => Uint8Array> = fc.oneof(
  fc.tuple(fc.constantFrom(...KINDS), fc.array(field, { maxLength: 15 })).map(
    ([kind, fields]) =>
      (device: H02Device) =>
        device.text(kind, ...fields),
  ),
  location.map((one) => (device: H02Device) => device.location(one)),
  packet.map((bytes) => () => bytes),
  fc.tuple(packet, fc.uint8Array({ minLength: 13, maxLength: 13 })).map((both) => () => Buffer.concat(both)),
  fc.constantFrom(`h02:${ID}`, 'imei:490154203237526').map((ident) => (device: H02Device) => device.identify(ident)),
  fc.uint8Array({ maxLength: 5 }).map((noise) => () => noise),
);
const stream = fc.array(saying, { maxLength: 20 }).map((all) => {
  const device = createDevice();
  return Buffer.concat([device.identify(`h02:${ID}`), ...all.map((say) => say(device))]);
});
const cuts = fc.array(fc.nat(), { maxLength: 20 });

function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, index) => bytes.subarray(index === 0 ? 0 : places[index - 1], end));
}

/** Everything that comes of the bytes, every outcome being told at once. */
function hears(session: Session, chunks: readonly Buffer[]): Effect[] {
  const all: Effect[] = [];
  for (const chunk of chunks) {
    const due = session.receive(chunk, NOW);
    for (let effect = due.shift(); effect !== undefined; effect = due.shift()) {
      all.push(effect);
      if (effect.do === 'identify') due.push(...session.tell({ tell: 'identified', ...identified }, NOW));
    }
  }
  return all;
}

test('a stream cut anywhere brings about the same', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, at) => {
      expect(hears(newSession(), pieces(bytes, at))).toEqual(hears(newSession(), [bytes]));
    }),
    { numRuns: 500 },
  );
});

test('a location that a device writes is the one that the server stores', () => {
  fc.assert(
    fc.property(location, ({ time, lat, lon, spd }) => {
      const { device, hear } = identifiedSession();
      const [reading] = stored(hear(device.location({ time, lat, lon, spd })));
      expect(reading).toMatchObject({ type: 'sen:loc', time });
      const data = JSON.parse(reading?.data ?? '');
      expect(data).toMatchObject({ spd, valid: true });
      expect(Math.abs(data.lat - lat)).toBeLessThan(2e-6);
      expect(Math.abs(data.lon - lon)).toBeLessThan(2e-6);
    }),
  );
});

test('what is stored is JSON, whatever stands in the fields', () => {
  fc.assert(
    fc.property(stream, (bytes) => {
      for (const { data } of stored(hears(newSession(), [bytes]))) expect(() => JSON.parse(data)).not.toThrow();
    }),
  );
});

test('random bytes never throw, and are explained to the last', () => {
  const chunk = fc.uint8Array({ maxLength: 200 });
  const likely = fc.array(fc.constantFrom(0x24, 0x2a, 0x23, 0x2c, 0x30, 0x41, 0x0d), { maxLength: 100 });
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          chunk,
          likely.map((bytes) => Uint8Array.from(bytes)),
        ),
      ),
      (chunks) => {
        hears(newSession(), chunks.map(Buffer.from));
        const bytes = Buffer.concat(chunks);
        for (const direction of ['device', 'server'] as const) {
          const lengths = explain(bytes, direction).map((line) => line.length);
          expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
        }
      },
    ),
    { numRuns: 500 },
  );
});
