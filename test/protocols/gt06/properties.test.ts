import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice, type Gt06Device } from '../../../protocols/gt06/device.js';
import { FrameReader, frameOf } from '../../../protocols/gt06/frames.js';
import { gt06 } from '../../../protocols/gt06/index.js';
import { commandContent, encodedText, readCommand, readEncodedText } from '../../../protocols/gt06/texts.js';
import { expectPlace, placeBefore, testSession } from '../every-session.js';
import { stored } from '../outcomes.js';
import { IDENT, identifiedSession, NOW } from './conversation-with-a-server.js';

const NUMBERS = [0x01, 0x10, 0x12, 0x13, 0x15, 0x16, 0x21, 0x22, 0x23, 0x26, 0x27, 0x2d, 0x37, 0x8a, 0x94, 0x55];
const location = fc.record({ ...placeBefore(NOW), spd: fc.nat(255) });
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

testSession(gt06, { stream, now: NOW });

test('a location that a device writes is the one that the server stores', () => {
  fc.assert(
    fc.property(location, (place) => {
      const { device, hear } = identifiedSession();
      expectPlace(stored(hear(device.location(place)))[0], place, 1e-6);
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
