import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LEASE, OVER_KNOWN_FOR, SWEPT_AFTER } from '../../src/devices/leases.js';
import {
  type HeldConnection,
  MAX_WRITTEN,
  type OwnConnection,
  openPresence,
  type Presence,
} from '../../src/devices/presence.js';
import { type DevicesUnderTest, openDevicesUnderTest, START } from './devices-under-test.js';

const ABOUT = { host: 'here' };
let test: DevicesUnderTest;
let presence: Presence;
/** As another gateway sees it, which remembers nothing of what this one did. */
let other: Presence;
beforeEach(async () => {
  test = await openDevicesUnderTest();
  presence = test.parts.presence;
  other = openPresence(test.registry, () => test.now);
});
afterEach(() => test.remove());

const device = (n: number) => ({ id: `00000000-0000-5000-8000-${String(n).padStart(12, '0')}`, ident: `imei:${n}` });
const connection = (number: number): OwnConnection => ({
  number,
  protocol: 'm2mp',
  source: `192.0.2.7:${number}`,
  opened: START + number,
});
async function listed(after = ''): Promise<HeldConnection[]> {
  const all: HeldConnection[] = [];
  for await (const one of other.all(after)) all.push(one);
  return all;
}

it('lists what gateways hold while their leases hold, by device too, and finds each by its id', async () => {
  for (const gateway of ['a', 'b.2']) await presence.leases.renew(gateway, ABOUT);
  await presence.hold('a', device(1), [connection(1), connection(2)]);
  await presence.hold('b.2', device(1), [connection(1)]);
  await presence.hold('b.2', device(2), [connection(2)]);
  const of1 = await other.of(device(1).id);
  expect(of1.map(({ gateway, number }) => [gateway, number])).toEqual([
    ['a', 1],
    ['a', 2],
    ['b.2', 1],
  ]);
  expect(of1[0]).toMatchObject({ ...connection(1), deviceId: device(1).id, ident: 'imei:1' });
  const all = await listed();
  expect(all).toHaveLength(4);
  expect(new Set(all.map(({ id }) => id)).size).toBe(4);
  for (const one of all) expect(await other.find(one.id)).toEqual(one);
  for (const id of ['', 'a', '1', '000.1.a', 'ffff', '../../..']) expect(await other.find(id)).toBeUndefined();
});

it('what a gateway holds no more is gone, and what others hold of the same device stays', async () => {
  for (const gateway of ['a', 'b']) await presence.leases.renew(gateway, ABOUT);
  for (const gateway of ['a', 'b']) await presence.hold(gateway, device(1), [connection(1)]);
  await presence.hold('a', device(1), []);
  expect((await other.of(device(1).id)).map(({ gateway }) => gateway)).toEqual(['b']);
});

it('what a killed gateway held is gone when its lease is over', async () => {
  for (const gateway of ['killed', 'lives']) {
    await presence.leases.renew(gateway, ABOUT);
    await presence.hold(gateway, device(1), [connection(1)]);
  }
  expect(await listed()).toHaveLength(2);
  test.now += LEASE - 1;
  expect(await listed()).toHaveLength(2);
  expect(await presence.leases.renew('lives', ABOUT)).toBe(true);
  test.now += 1;
  expect((await listed()).map(({ gateway }) => gateway)).toEqual(['lives']);
});

it('a gateway whose lease was over is seen again when it renews it', async () => {
  await presence.leases.renew('slow', ABOUT);
  await presence.hold('slow', device(1), [connection(1)]);
  test.now += LEASE;
  expect(await listed()).toEqual([]);
  expect(await presence.leases.renew('slow', ABOUT)).toBe(true);
  test.now += OVER_KNOWN_FOR;
  expect(await listed()).toHaveLength(1);
});

it('sweeps away what gateways left behind that are gone for long, and nothing of others', async () => {
  for (const gateway of ['gone', 'lives']) {
    await presence.leases.renew(gateway, ABOUT);
    for (let n = 0; n < 20; n++) await presence.hold(gateway, device(n), [connection(n)]);
  }
  test.now += LEASE + SWEPT_AFTER;
  expect(await other.sweep()).toEqual([]);
  await presence.leases.renew('lives', ABOUT);
  test.now += 1;
  expect(await other.sweep()).toEqual(['gone']);
  expect(await other.sweep()).toEqual([]);
  expect(await listed()).toHaveLength(20);
  // Whoever was swept away is told so, and writes again what it holds.
  expect(await presence.leases.renew('gone', ABOUT)).toBe(false);
  test.now += OVER_KNOWN_FOR;
  expect(await listed()).toHaveLength(20);
  expect(await presence.leases.renew('gone', ABOUT)).toBe(true);
});

it('a lease that was ended is over at once', async () => {
  await presence.leases.renew('a', ABOUT);
  await presence.hold('a', device(1), [connection(1)]);
  await presence.leases.end('a');
  expect(await presence.of(device(1).id)).toEqual([]);
  expect(await listed()).toEqual([]);
});

it('writes the newest so many connections of one device', async () => {
  await presence.leases.renew('a', ABOUT);
  const many = Array.from({ length: MAX_WRITTEN + 5 }, (_, n) => connection(n + 1));
  await presence.hold('a', device(1), many);
  const held = await other.of(device(1).id);
  expect(held).toHaveLength(MAX_WRITTEN);
  expect(held.at(-1)?.number).toBe(MAX_WRITTEN + 5);
});

it('pages go on behind any position, in one order, whatever is held', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({ gateway: fc.constantFrom('a', 'a-b', 'a.1'), n: fc.nat(30), size: fc.integer({ min: 0, max: 3 }) }),
        {
          maxLength: 20,
        },
      ),
      async (held) => {
        const expected = new Map<string, number>();
        for (const gateway of ['a', 'a-b', 'a.1']) {
          await presence.leases.renew(gateway, ABOUT);
          for (let n = 0; n <= 30; n++) expected.set(`${gateway} ${n}`, 0);
        }
        for (const { gateway, n, size } of held) expected.set(`${gateway} ${n}`, size);
        for (const [key, size] of expected) {
          const [gateway = '', n] = key.split(' ');
          await presence.hold(
            gateway,
            device(Number(n)),
            Array.from({ length: size }, (_, at) => connection(at + 8)),
          );
        }
        const all = await listed();
        expect(all).toHaveLength([...expected.values()].reduce((sum, size) => sum + size, 0));
        for (const [at, one] of all.entries()) expect(await listed(one.position)).toEqual(all.slice(at + 1));
      },
    ),
    { numRuns: 5 },
  );
});
