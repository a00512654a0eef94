import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_SETTINGS } from '../../src/devices/settings.js';
import { type DevicesUnderTest, identified, openDevicesUnderTest, START } from './devices-under-test.js';

let test: DevicesUnderTest;
let id: string;
beforeEach(async () => {
  test = await openDevicesUnderTest();
  id = await identified(test);
});
afterEach(() => test.remove());

it('a setting waits until the device reports just its value', async () => {
  const { settings } = test.parts;
  expect(await settings.hasAny(id)).toBe(false);
  await settings.set(id, 'interval', '60');
  expect(await settings.hasAny(id)).toBe(true);
  expect(await settings.list(id)).toEqual([{ name: 'interval', value: '60', pending: '60', acknowledged: null }]);
  test.now += 500;
  expect(await settings.reported(id, 'interval', '60')).toBeNull();
  expect(await settings.pending(id)).toEqual([]);
  expect(await settings.list(id)).toEqual([
    { name: 'interval', value: '60', pending: null, acknowledged: START + 500 },
  ]);
  await settings.set(id, 'interval', '60');
  expect(await settings.list(id)).toEqual([{ name: 'interval', value: '60', pending: '60', acknowledged: null }]);
});

it('another value than the one that waits is kept as reported, and the one that waits still waits', async () => {
  const { settings } = test.parts;
  await settings.set(id, 'interval', '60');
  await settings.reported(id, 'interval', '10');
  expect(await settings.list(id)).toEqual([{ name: 'interval', value: '10', pending: '60', acknowledged: null }]);
  expect(await settings.pending(id)).toEqual([{ name: 'interval', value: '60' }]);
});

it('a setting that the device does not know, or that is removed, is forgotten', async () => {
  const { settings } = test.parts;
  await settings.setMany(id, [
    { name: 'a', value: '1' },
    { name: 'b', value: '2' },
  ]);
  await settings.reported(id, 'b', '2');
  await settings.unknown(id, 'a');
  await settings.unknown(id, 'a');
  expect(await settings.remove(id, 'b')).toBe(true);
  expect(await settings.remove(id, 'b')).toBe(false);
  expect(await settings.list(id)).toEqual([]);
});

describe('what is refused', () => {
  it.each([
    ['', '1'],
    ['a b', '1'],
    ['a=b', '1'],
    ['a\nb', '1'],
    ['é'.repeat(128), '1'],
    ['\ud800', '1'],
    ['a', 'x\ny'],
    ['a', '\ud800'],
    ['a', 'é'.repeat(32_769)],
  ])('the setting %j desired as %j', async (name, value) => {
    await expect(test.parts.settings.set(id, name, value)).rejects.toMatchObject({ code: 'invalid' });
    expect(await test.parts.settings.list(id)).toEqual([]);
  });

  it('more settings than the bound, desired or reported; what is there can still change', async () => {
    const { settings } = test.parts;
    await settings.setMany(
      id,
      Array.from({ length: MAX_SETTINGS }, (_, n) => ({ name: `s${n}`, value: '0' })),
    );
    await expect(settings.set(id, 'more', '1')).rejects.toMatchObject({ code: 'full' });
    expect(await settings.reported(id, 'more', '1')).toContain(String(MAX_SETTINGS));
    await settings.set(id, 's1', '1');
    expect(await settings.reported(id, 's1', '1')).toBeNull();
    expect(await settings.list(id)).toHaveLength(MAX_SETTINGS);
  });

  it('names that a device makes up and that are none: told, not thrown', async () => {
    for (const name of ['', 'x'.repeat(256)]) expect(await test.parts.settings.reported(id, name, '1')).not.toBeNull();
    expect(await test.parts.settings.hasAny(id)).toBe(false);
  });
});

it('what a device reports is kept as it came, whatever the name', async () => {
  const names = ['../..', '/', '%2F', '__proto__', 'a\u0000b', 'a b=c', '<b>', '\u202e'];
  for (const name of names) expect(await test.parts.settings.reported(id, name, name)).toBeNull();
  await test.reopen();
  const kept = await test.parts.settings.list(id);
  expect(kept.map(({ name, value }) => [name, value])).toEqual([...names].sort().map((name) => [name, name]));
});

type Step =
  | { does: 'set' | 'reported'; name: string; value: string }
  | { does: 'remove' | 'unknown'; name: string }
  | { does: 'reopen' };

it('any history, with restarts in it, ends as in a model of maps', async () => {
  const name = fc.constantFrom('a', 'b', 'c');
  const value = fc.constantFrom('1', '2', '');
  const step: fc.Arbitrary<Step> = fc.oneof(
    { arbitrary: fc.record({ does: fc.constantFrom('set', 'reported'), name, value }), weight: 8 },
    { arbitrary: fc.record({ does: fc.constantFrom('remove', 'unknown'), name }), weight: 2 },
    { arbitrary: fc.record({ does: fc.constant('reopen' as const) }), weight: 1 },
  );
  let device = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const deviceId = await identified(test, `test:${++device}`);
      const known = new Map<string, string>();
      const toSend = new Map<string, string>();
      const acknowledged = new Map<string, number>();
      for (const one of steps) {
        test.now += 1_000;
        if (one.does === 'reopen') await test.reopen();
        else if (one.does === 'set') {
          await test.parts.settings.set(deviceId, one.name, one.value);
          known.set(one.name, one.value);
          toSend.set(one.name, one.value);
          acknowledged.delete(one.name);
        } else if (one.does === 'reported') {
          await test.parts.settings.reported(deviceId, one.name, one.value);
          known.set(one.name, one.value);
          if (toSend.get(one.name) === one.value) {
            toSend.delete(one.name);
            acknowledged.set(one.name, test.now);
          }
        } else {
          await test.parts.settings[one.does](deviceId, one.name);
          for (const map of [known, toSend, acknowledged]) map.delete(one.name);
        }
      }
      const { settings } = test.parts;
      const names = [...known.keys()].sort();
      expect(await settings.list(deviceId)).toEqual(
        names.map((n) => ({
          name: n,
          value: known.get(n),
          pending: toSend.get(n) ?? null,
          acknowledged: acknowledged.get(n) ?? null,
        })),
      );
      expect(new Map((await settings.pending(deviceId)).map((one) => [one.name, one.value]))).toEqual(toSend);
      expect(await settings.hasAny(deviceId)).toBe(known.size > 0);
    }),
    { numRuns: 60 },
  );
});

it('changes of one device made at once do not lose each other', async () => {
  const { settings } = test.parts;
  await Promise.all(
    Array.from({ length: 50 }, async (_, n) => {
      await settings.set(id, `s${n}`, String(n));
      await settings.reported(id, `s${n}`, String(n));
    }),
  );
  expect(await settings.pending(id)).toEqual([]);
  expect(await settings.list(id)).toHaveLength(50);
});
