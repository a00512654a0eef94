import fc from 'fast-check';
import { test } from 'vitest';
import { createDevice, type H02Device } from '../../../protocols/h02/device.js';
import { h02 } from '../../../protocols/h02/index.js';
import { expectPlace, placeBefore, testSession } from '../every-session.js';
import { stored } from '../outcomes.js';
import { ID, identifiedSession, NOW } from './conversation-with-a-server.js';

const KINDS = ['V1', 'V4', 'V6', 'NBR', 'HTBT', 'LINK'];
const location = fc.record({ ...placeBefore(NOW), spd: fc.nat(300) });
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

const likely = fc.array(fc.constantFrom(0x24, 0x2a, 0x23, 0x2c, 0x30, 0x41, 0x0d), { maxLength: 100 });
const noise = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  likely.map((bytes) => Uint8Array.from(bytes)),
);

testSession(h02, { stream, now: NOW, noise });

test('a location that a device writes is the one that the server stores', () => {
  fc.assert(
    fc.property(location, (place) => {
      const { device, hear } = identifiedSession();
      expectPlace(stored(hear(device.location(place)))[0], place, 2e-6);
    }),
  );
});
