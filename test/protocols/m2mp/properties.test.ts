import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDevice } from '../../../protocols/m2mp/device.js';
import { explain } from '../../../protocols/m2mp/explain.js';
import type { Width } from '../../../protocols/m2mp/frames.js';
import { createSession } from '../../../protocols/m2mp/session.js';
import type { DeviceEvent, Effect, Identified, NewReading, Session } from '../../../protocols/protocol.js';

const NOW = 1_700_000_000_000;
const IDENT = 'imei:123456789012345';
const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
};

function identifiedSession(): Session {
  const session = createSession();
  session.receive(createDevice().identify(IDENT), NOW);
  session.tell({ tell: 'identified', ...identified }, NOW);
  return session;
}

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
const saying: fc.Arbitrary<(device: ReturnType<typeof createDevice>) => Uint8Array> = fc.oneof(
  fc.tuple(channel, payload, width).map(
    ([name, bytes, wide]) =>
      (device: ReturnType<typeof createDevice>) =>
        device.data(name, bytes, wide),
  ),
  fc.tuple(channel, fc.array(payload, { maxLength: 4 }), width).map(
    ([name, parts, wide]) =>
      (device: ReturnType<typeof createDevice>) =>
        device.array(name, parts, wide),
  ),
  fc.nat(255).map((n) => (device: ReturnType<typeof createDevice>) => device.barrier(n)),
  fc.nat(255).map((n) => (device: ReturnType<typeof createDevice>) => device.aliveAnswer(n)),
  fc
    .constantFrom(IDENT, '', 'nobody\u0000')
    .map((ident) => (device: ReturnType<typeof createDevice>) => device.identify(ident)),
  fc.tuple(fc.string({ maxLength: 9 }), fc.string({ maxLength: 9 })).map(
    ([name, value]) =>
      (device: ReturnType<typeof createDevice>) =>
        device.settingReported(name, value),
  ),
  fc.uint8Array({ maxLength: 3 }).map((noise) => () => noise),
);
const stream = fc.array(saying, { maxLength: 25 }).map((all) => {
  const device = createDevice();
  return Buffer.concat(all.map((say) => say(device)));
});
const cuts = fc.array(fc.nat(), { maxLength: 40 });

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
      // How much of a broken stream can be shown depends on how much has come.
      all.push(
        effect.do === 'count' && effect.what === 'protocol_error' ? { ...effect, bytes: new Uint8Array() } : effect,
      );
      if (effect.do === 'ask')
        due.push(...session.tell({ tell: 'answered', answer: { to: 'refused', why: 'no' } }, NOW));
      if (effect.do === 'identify') due.push(...session.tell({ tell: 'identified', ...identified }, NOW));
    }
  }
  return all;
}

const readings = (effects: readonly Effect[]): NewReading[] =>
  effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading] : []));

test('a stream cut anywhere brings about the same', () => {
  fc.assert(
    fc.property(stream, cuts, (bytes, at) => {
      expect(hears(identifiedSession(), pieces(bytes, at))).toEqual(hears(identifiedSession(), [bytes]));
    }),
    { numRuns: 1_000 },
  );
});

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
      const [reading] = readings(identifiedSession().receive(createDevice().location({ time, ...place }), NOW));
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
      expect(readings(effects)).toEqual([{ type, time: at * 1_000, data: JSON.stringify(text), listed }]);
    }),
  );
});

test('random bytes never throw, and are explained to the last', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 })), (chunks) => {
      hears(createSession(), chunks.map(Buffer.from));
      const bytes = Buffer.concat(chunks);
      for (const direction of ['device', 'server'] as const) {
        const lengths = explain(bytes, direction).map((line) => line.length);
        expect(lengths.reduce((sum, length) => sum + length, 0)).toBe(bytes.length);
      }
    }),
    { numRuns: 500 },
  );
});
