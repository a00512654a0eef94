import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice } from '../../../protocols/alip/device.js';
import { explain } from '../../../protocols/alip/explain.js';
import { createSession } from '../../../protocols/alip/session.js';
import type { DeviceEvent, Effect, Session } from '../../../protocols/protocol.js';
import { identifiedServer, NOW, stored } from './conversation-with-a-server.js';

const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).map((text) => text.replace(/[\s]/g, '_'));
const content = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replace(/[\r\n]/g, ' '));
const line = fc.oneof(
  fc.tuple(word, content).map(([type, text]) => `D ${type} ${text}`),
  fc.constantFrom('ID imei:123456789012345', 'T', 'A 1', 'S G', 'C L', 'S A a b', '', 'QUIT', 'D L 1,2', 'DB LAST'),
  content,
);
const stream = fc
  .tuple(
    fc.array(
      fc.oneof(
        { weight: 9, arbitrary: line.map((text) => Buffer.from(text)) },
        fc.uint8Array({ maxLength: 30 }).map(Buffer.from),
      ),
    ),
    fc.constantFrom('\n', '\r\n'),
  )
  .map(([lines, end]) => Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from(end)])));
const cuts = fc.array(fc.nat(), { maxLength: 30 });

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
      if (effect.do === 'ask')
        due.push(...session.tell({ tell: 'answered', answer: { to: 'refused', why: 'no' } }, NOW));
      if (effect.do === 'identify') due.push(...session.tell({ tell: 'refused', why: 'no' }, NOW));
    }
  }
  return all;
}

test('a stream cut anywhere brings about the same', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, at) => {
      expect(hears(identifiedServer().session, pieces(bytes, at))).toEqual(hears(identifiedServer().session, [bytes]));
    }),
    { numRuns: 1_000 },
  );
});

test('what a server says, cut anywhere, is heard the same', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, at) => {
      const whole = createDevice().receive(bytes);
      const device = createDevice();
      const events: DeviceEvent[] = pieces(bytes, at).flatMap((piece) => device.receive(piece));
      expect(events).toEqual(whole);
    }),
  );
});

test('random bytes never throw, and are explained to the last', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      const facts = { id: 1, source: '', transport: 'tcp' as const, openedAt: 0, version: '', debug: true };
      hears(createSession(facts), chunks.map(Buffer.from));
      const bytes = Buffer.concat(chunks);
      for (const direction of ['device', 'server'] as const) {
        const lengths = explain(bytes, direction).map((line) => line.length);
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
      }
    }),
  );
});

test('a reading that a device writes is the one that the server stores', () => {
  const device = createDevice();
  const time = fc.integer({ min: 0, max: 4e12 });
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z]{3}:[a-z]{1,9}$/), content, time, (type, value, at) => {
      const effects = identifiedServer().session.receive(device.reading(type, value, at), NOW);
      expect(stored(effects)).toEqual([
        { type, time: at, data: JSON.stringify(value), listed: type.startsWith('lsen:') ? type.slice(5) : null },
      ]);
    }),
  );
});

test('a location that a device writes is the one that the server stores', () => {
  const degrees = (most: number) =>
    fc.double({ min: -most, max: most, noNaN: true }).map((value) => Math.round(value * 1e6) / 1e6);
  const location = fc.record(
    {
      time: fc.integer({ min: 0, max: 4e12 }),
      lat: degrees(90),
      lon: degrees(180),
      spd: fc.nat(300),
      alt: fc.integer({ min: -400, max: 9_000 }),
    },
    { requiredKeys: ['time', 'lat', 'lon'] },
  );
  fc.assert(
    fc.property(location, ({ time, ...place }) => {
      const [reading] = stored(identifiedServer().session.receive(createDevice().location({ time, ...place }), NOW));
      expect(reading).toMatchObject({ type: 'sen:loc', time });
      const zero = (value: number) => value + 0;
      expect(JSON.parse(reading?.data ?? '')).toEqual(
        Object.fromEntries(Object.entries(place).map(([key, value]) => [key, zero(value)])),
      );
    }),
  );
});
