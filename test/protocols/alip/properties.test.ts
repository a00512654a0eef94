import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice } from '../../../protocols/alip/device.js';
import { alip } from '../../../protocols/alip/index.js';
import type { DeviceEvent } from '../../../protocols/protocol.js';
import { cuts, pieces, testSession } from '../every-session.js';
import { stored } from '../outcomes.js';
import { identifiedServer, NOW } from './conversation-with-a-server.js';

const ID = Buffer.from('ID imei:123456789012345');
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
  .map(([lines, end]) => Buffer.concat([ID, ...lines].flatMap((bytes) => [bytes, Buffer.from(end)])));

testSession(alip, { stream, now: NOW });

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
