import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice, type M2mpDevice } from '../../../protocols/m2mp/device.js';
import type { Width } from '../../../protocols/m2mp/frames.js';
import { m2mp } from '../../../protocols/m2mp/index.js';
import { createSession } from '../../../protocols/m2mp/session.js';
import type { DeviceEvent } from '../../../protocols/protocol.js';
import { cuts, pieces, testSession } from '../every-session.js';
import { identify, NOW, stored } from '../outcomes.js';

const IDENT = 'imei:123456789012345';

const identifiedSession = () => identify(createSession(), createDevice(), IDENT, NOW, {}).session;

const channel = fc.constantFrom(
  'sen:loc',
  'sen:temp',
  'lsen:cellar',
  '_set',
  '_cmd',
  '_sta',
  '_special',
  'echo',
  'note',
  'é',
);
const payload = fc.uint8Array({ maxLength: 40 });
const width = fc.constantFrom<Width>(1, 2, 4);
/** What a device may say, valid and not, as a function of its own side. */
const saying: fc.Arbitrary<(device: M2mpDevice) => Uint8Array> = fc.oneof(
  fc.tuple(channel, payload, width).map(
    ([name, bytes, wide]) =>
      (device: M2mpDevice) =>
        device.data(name, bytes, wide),
  ),
  fc.tuple(channel, fc.array(payload, { maxLength: 4 }), width).map(
    ([name, parts, wide]) =>
      (device: M2mpDevice) =>
        device.array(name, parts, wide),
  ),
  fc.nat(255).map((n) => (device: M2mpDevice) => device.barrier(n)),
  fc.nat(255).map((n) => (device: M2mpDevice) => device.aliveAnswer(n)),
  fc.constantFrom(IDENT, '', 'nobody\u0000').map((ident) => (device: M2mpDevice) => device.identify(ident)),
  fc.tuple(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 })).map(
    ([name, value]) =>
      (device: M2mpDevice) =>
        device.settingReported(name, value),
  ),
  fc.uint8Array({ maxLength: 3 }).map((noise) => () => noise),
);
const stream = fc.array(saying, { maxLength: 25 }).map((all) => {
  const device = createDevice();
  return Buffer.concat([device.identify(IDENT), ...all.map((say) => say(device))]);
});

testSession(m2mp, { stream, now: NOW });

test('what a server says, cut anywhere, is heard the same', () => {
  const intents = fc.array(
    fc.oneof(
      fc
        .array(
          fc.record({
            name: fc.string({ minLength: 1, maxLength: 20 }).map((name) => name.replaceAll('=', '')),
            value: fc.string({ maxLength: 300 }),
          }),
          { maxLength: 8 },
        )
        .map((settings) => ({ tell: 'settings' as const, settings })),
      fc
        .array(fc.record({ id: fc.uuid(), text: fc.string({ maxLength: 300 }) }), { maxLength: 3 })
        .map((commands) => ({ tell: 'commands' as const, commands })),
      fc.constant({ tell: 'askAlive' as const }),
    ),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(intents, cuts, (all, at) => {
      const session = identifiedSession();
      const said = all.flatMap((intent) => session.tell(intent, NOW));
      const bytes = Buffer.concat(said.flatMap((effect) => (effect.do === 'answer' ? [effect.bytes] : [])));
      const whole = createDevice().receive(bytes);
      const device = createDevice();
      const events: DeviceEvent[] = pieces(bytes, at).flatMap((piece) => device.receive(piece));
      expect(events).toEqual(whole);
      const commands = all.flatMap((intent) => (intent.tell === 'commands' ? intent.commands : []));
      expect(whole.filter(({ event }) => event === 'command')).toEqual(
        commands.map(({ id, text }) => ({ event: 'command', id, text })),
      );
    }),
    { numRuns: 300 },
  );
});

test('settings that are sent are heard as they were, however many and long', () => {
  const setting = fc.record({
    name: fc.stringMatching(/^[a-z.]{1,30}$/),
    value: fc.string({ unit: 'grapheme', maxLength: 400 }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(setting, { selector: ({ name }) => name, maxLength: 40 }), (settings) => {
      const effects = identifiedSession().tell({ tell: 'settings', settings }, NOW);
      const bytes = Buffer.concat(effects.flatMap((effect) => (effect.do === 'answer' ? [effect.bytes] : [])));
      expect(createDevice().receive(bytes)).toEqual(settings.map((one) => ({ event: 'setting', ...one })));
    }),
  );
});

test('a location that a device writes is the one that the server stores', () => {
  const degrees = (most: number) => fc.float({ min: -most, max: most, noNaN: true }).map((value) => value + 0);
  const location = fc.record({
    time: fc.integer({ min: 0, max: 0xffffffff }).map((seconds) => seconds * 1_000),
    lat: degrees(90),
    lon: degrees(180),
    spd: fc.nat(0xffff),
    alt: fc.integer({ min: -0x8000, max: 0x7fff }),
  });
  fc.assert(
    fc.property(location, ({ time, ...place }) => {
      const [reading] = stored(identifiedSession().receive(createDevice().location({ time, ...place }), NOW));
      expect(reading).toMatchObject({ type: 'sen:loc', time });
      const data = JSON.parse(reading?.data ?? '');
      expect({ ...data, lat: Math.fround(data.lat) + 0, lon: Math.fround(data.lon) + 0 }).toEqual(place);
    }),
  );
});

test('a value that a device writes is the one that the server stores', () => {
  const value = fc.string({ unit: 'binary', maxLength: 60 });
  const seconds = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.constantFrom('sen:temp', 'lsen:cellar'), value, seconds, (type, text, at) => {
      const effects = identifiedSession().receive(createDevice().reading(type, text, at * 1_000), NOW);
      const listed = type === 'lsen:cellar' ? 'cellar' : null;
      expect(stored(effects)).toEqual([{ type, time: at * 1_000, data: JSON.stringify(text), listed }]);
    }),
  );
});
