import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice, type Jt808Device } from '../../../protocols/jt808/device.js';
import { FrameReader, frameOf, readContent } from '../../../protocols/jt808/frames.js';
import { readGbk, writeGbk } from '../../../protocols/jt808/gbk.js';
import { jt808 } from '../../../protocols/jt808/index.js';
import { parameterOf, parametersBody, readParameters, settingOf } from '../../../protocols/jt808/parameters.js';
import { placeBefore, testSession } from '../every-session.js';
import { stored } from '../outcomes.js';
import { identifiedSession, NOW, PHONE } from './conversation-with-a-server.js';

const IDS = [0x0001, 0x0002, 0x0003, 0x0100, 0x0102, 0x0104, 0x0107, 0x0109, 0x0200, 0x0201, 0x0704, 0x0900];
const location = fc.record({
  ...placeBefore(NOW),
  spd: fc.nat(65_535).map((value) => value / 10),
  alt: fc.integer({ min: -32_768, max: 32_767 }),
});
const saying: fc.Arbitrary<(device: Jt808Device) => Uint8Array> = fc.oneof(
  fc.tuple(fc.constantFrom(...IDS), fc.uint8Array({ maxLength: 2_500 })).map(
    ([id, body]) =>
      (device: Jt808Device) =>
        device.message(id, body),
  ),
  fc.array(location, { maxLength: 4 }).map((all) => (device: Jt808Device) => device.batch(all)),
  location.map((one) => (device: Jt808Device) => device.location(one)),
  fc
    .constantFrom(`jt808:${PHONE}`, 'jt808:13900002000')
    .map((ident) => (device: Jt808Device) => device.identify(ident)),
  fc.uint8Array({ maxLength: 5 }).map((noise) => () => noise),
);
const stream = fc.tuple(fc.constantFrom(null, 1), fc.array(saying, { maxLength: 12 })).map(([version, all]) => {
  const device = createDevice({ version });
  return Buffer.concat([device.identify(`jt808:${PHONE}`), ...all.map((say) => say(device))]);
});

testSession(jt808, { stream, now: NOW });

test('a location that a device writes is the one that the server stores', () => {
  fc.assert(
    fc.property(location, ({ time, ...place }) => {
      const { device, hear } = identifiedSession();
      const [reading] = stored(hear(device.location({ time, ...place })));
      expect(reading).toMatchObject({ type: 'sen:loc', time });
      const { head, valid, ...data } = JSON.parse(reading?.data ?? '');
      expect({ head, valid }).toEqual({ head: 0, valid: true });
      // JSON has no zero with a sign.
      expect(data).toEqual(JSON.parse(JSON.stringify(place)));
    }),
  );
});

test('content of any bytes comes out of its frame as it went in, with other frames around it', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { minLength: 1 }), (contents) => {
      const reader = new FrameReader();
      for (const content of contents) reader.push(frameOf(Buffer.from(content)));
      for (const content of contents)
        expect(readContent(reader.next()?.raw ?? Buffer.alloc(0))).toEqual(Buffer.from(content));
      expect(reader.next()).toBeNull();
    }),
  );
});

test('a setting that is sent comes back as it is, whatever the parameter', () => {
  const id = fc.oneof(fc.nat(0x110), fc.nat(0xffff_ffff));
  fc.assert(
    fc.property(id, fc.uint8Array({ maxLength: 255 }), (number, value) => {
      const setting = settingOf({ id: number, value: Buffer.from(value) });
      const parameter = parameterOf(setting);
      if (typeof parameter === 'string') throw new Error(parameter);
      const [read, ...more] = readParameters(parametersBody([parameter]).subarray(1)) ?? [];
      expect(more).toEqual([]);
      expect(read && settingOf(read)).toEqual(setting);
    }),
  );
});

test('every character of GBK is read and written as the same', () => {
  for (let code = 1; code <= 0xffff; code++) {
    const text = readGbk(code > 0xff ? Uint8Array.of(code >> 8, code & 0xff) : Uint8Array.of(code));
    if (text !== null) expect(readGbk(writeGbk(text)), code.toString(16)).toBe(text);
  }
  for (const hex of ['ff', 'b0ff', '81308130', '90308130', 'b0']) expect(readGbk(Buffer.from(hex, 'hex'))).toBeNull();
});

test('a text that GBK has comes back as it is', () => {
  const character = fc
    .tuple(fc.integer({ min: 0xb0, max: 0xf7 }), fc.integer({ min: 0xa1, max: 0xfe }))
    .map((bytes) => readGbk(Uint8Array.from(bytes)))
    .filter((text) => text !== null && !/[\ue000-\uf8ff]/.test(text))
    .map(String);
  fc.assert(
    fc.property(fc.array(fc.oneof(character, fc.constantFrom('a', '9', ' '))), (characters) => {
      const text = characters.join('');
      expect(readGbk(writeGbk(text))).toBe(text);
    }),
  );
});
