import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice, type Gt06Device } from '../../../protocols/gt06/device.js';
import { explain } from '../../../protocols/gt06/explain.js';
import { FrameReader, frameOf } from '../../../protocols/gt06/frames.js';
import { commandContent, encodedText, readCommand, readEncodedText } from '../../../protocols/gt06/texts.js';
import type { Effect, Session } from '../../../protocols/protocol.js';
import { IDENT, identified, identifiedSession, NOW, newSession, stored } from './conversation-with-a-server.js';

const NUMBERS = [0x01, 0x10, 0x12, 0x13, 0x15, 0x16, 0x21, 0x22, 0x23, 0x26, 0x27, 0x2d, 0x37, 0x8a, 0x94, 0x55];
const location = fc.record({
  time: fc.integer({ min: NOW / 1_000 - 86_400, max: NOW / 1_000 }).map((seconds) => seconds * 1_000),
  lat: fc.integer({ min: -90_000_000, max: 90_000_000 }).map((value) => value / 1_000_000),
  lon: fc.integer({ min: -180_000_000, max: 180_000_000 }).map((value) => value / 1_000_000),
  spd: fc.nat(255),
});
const saying: fc.Arbitrary<(device: Gt06Device) => Uint8Array> = fc.oneof(
  fc.tuple(fc.constantFrom(...NUMBERS), fc.uint8Array({ maxLength: 60 }), fc.boolean()).map(
    ([number, content, long]) =>
      (device: Gt06Device) =>
        device.packet(number, content, long),
  ),
  location.map((one) => (device: Gt06Device) => device.location(one)),
  fc.constantFrom(IDENT, 'imei:490154203237526').map((ident) => (device: Gt06Device) => device.identify(ident)),
  fc.uint8Array({ maxLength: 5 }).map((noise) => () => noise),
);
const stream = fc.array(saying, { maxLength: 20 }).map((all) => {
  const device = createDevice();
  return Buffer.concat([device.identify(IDENT), ...all.map((say) => say(device))]);
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
    { numRuns: 300 },
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
      expect(Math.abs(data.lat - lat)).toBeLessThan(1e-6);
      expect(Math.abs(data.lon - lon)).toBeLessThan(1e-6);
    }),
  );
});

test('any content comes out of its frame as it went in', () => {
  const packet = fc.record({
    protocol: fc.nat(255),
    content: fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
    serial: fc.nat(0xffff),
  });
  fc.assert(
    fc.property(fc.array(packet, { minLength: 1 }), fc.boolean(), (packets, long) => {
      const reader = new FrameReader();
      for (const { protocol, content, serial } of packets) reader.push(frameOf(protocol, content, serial, long));
      for (const one of packets) expect(reader.next()?.packet).toEqual(one);
      expect(reader.next()).toBeNull();
    }),
  );
});

test('one bit that is wrong is never taken for what was meant', () => {
  fc.assert(
    fc.property(location, fc.nat(), (one, bit) => {
      const { device, hear } = identifiedSession();
      const frame = Buffer.from(device.location(one));
      const at = bit % (8 * frame.length);
      frame[at >> 3] = (frame[at >> 3] ?? 0) ^ (1 << (at & 7));
      expect(stored(hear(frame))).toEqual([]);
    }),
  );
});

test('texts of commands and answers come back as they are', () => {
  const flag = fc.nat(0xffff_ffff);
  fc.assert(
    fc.property(flag, fc.stringMatching(/^[ -~]{0,200}$/), (number, text) => {
      const content = commandContent(number, text);
      expect(typeof content === 'string' ? null : readCommand(content)).toEqual({ flag: number, text });
    }),
  );
  fc.assert(
    fc.property(flag, fc.string({ unit: 'grapheme', maxLength: 200 }), (number, text) => {
      fc.pre(!text.includes('\0'));
      expect(readEncodedText(encodedText({ flag: number, text }))).toEqual({ flag: number, text });
    }),
  );
});

test('random bytes never throw, and are explained to the last', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      hears(newSession(), chunks.map(Buffer.from));
      const bytes = Buffer.concat(chunks);
      for (const direction of ['device', 'server'] as const) {
        const lengths = explain(bytes, direction).map((line) => line.length);
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});
