import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_WAITING_TASKS } from '../../src/devices/turns.js';
import { type DevicesUnderTest, FROM, identified, openDevicesUnderTest, START } from './devices-under-test.js';

const IDENT = 'imei:123456789012345';
let test: DevicesUnderTest;
afterEach(() => test.remove());

describe('where every device may identify', () => {
  beforeEach(async () => {
    test = await openDevicesUnderTest({ provisionLimit: 2 });
  });

  it('what is no ident is refused, and leaves nothing behind', async () => {
    for (const ident of ['', 'nothing', '../../etc:passwd', 'imei:a/b', 'imei:\0'])
      expect(await test.parts.identify(ident, FROM)).toMatchObject({ accepted: false, reason: 'malformed' });
    expect(await test.registry.children('/')).toEqual([]);
  });

  it('the first devices of an installation may come all at once', async () => {
    await test.reopen({ provisionLimit: 0 });
    const idents = Array.from({ length: 3 * MAX_WAITING_TASKS }, (_, n) => `test:${n}`);
    const outcomes = await Promise.all(idents.map((ident) => test.parts.identify(ident, FROM)));
    const devices = outcomes.map((outcome) => (outcome.accepted ? outcome.device : null));
    expect(devices.map((device) => device?.ident)).toEqual(idents);
    expect(new Set(devices.map((device) => device?.domain)).size).toBe(1);
    expect(devices[0]).toMatchObject({ firstConnection: START });
  });

  it('a new one does not look at the node of its domain that names all devices', async () => {
    await test.parts.identify('test:1', FROM);
    test.looked.length = 0;
    const outcome = await test.parts.identify('test:2', FROM);
    const domain = outcome.accepted ? outcome.device.domain : null;
    expect(test.looked).toContain(`/domain/${domain}/`);
    expect(test.looked).not.toContain(`/domain/${domain}/devices/`);
    expect(await test.parts.domains.members(domain ?? '')).toEqual({ devices: 2, users: 0 });
  });

  it('an address brings no more new devices in a minute than allowed; known ones do not count', async () => {
    const accepted = async (ident: string, source = FROM.source) =>
      (await test.parts.identify(ident, { ...FROM, source })).accepted;
    expect(await accepted('test:1')).toBe(true);
    expect(await accepted('test:2', '192.0.2.7:1')).toBe(true);
    expect(await test.parts.identify('test:3', FROM)).toMatchObject({ accepted: false, reason: 'limit' });
    expect(await accepted('test:1')).toBe(true);
    expect(await accepted('test:3', '192.0.2.8:1')).toBe(true);
    test.now += 60_000;
    expect(await accepted('test:4')).toBe(true);
  });
});

describe('where only known devices may identify', () => {
  beforeEach(async () => {
    test = await openDevicesUnderTest({ policy: 'known', waitingLimit: 3 });
  });
  const refused = { accepted: false, reason: 'unknown' };

  it('an unknown one waits: ident, protocol, source, first and last attempt, count', async () => {
    expect(await test.parts.identify(IDENT, FROM)).toMatchObject(refused);
    test.now += 90_000;
    await test.parts.identify(IDENT, { protocol: 'alip', source: '192.0.2.9:1' });
    const waiting = [
      { ident: IDENT, protocol: 'alip', source: '192.0.2.9:1', first: START, last: START + 90_000, count: 2 },
    ];
    expect(await test.parts.waitingRoom.list()).toEqual(waiting);
    expect(await test.parts.devices.list({ limit: 10 })).toEqual({ devices: [], next: null });
    await test.reopen();
    expect(await test.parts.waitingRoom.list()).toEqual(waiting);
  });

  it('attempts within a minute are counted, and written with the next one after it', async () => {
    for (let n = 0; n < 10; n++) await test.parts.identify(IDENT, FROM);
    expect(await test.parts.waitingRoom.list()).toMatchObject([{ count: 10 }]);
    test.now += 60_000;
    await test.parts.identify(IDENT, FROM);
    await test.reopen();
    expect(await test.parts.waitingRoom.list()).toMatchObject([{ count: 11 }]);
  });

  it('who is admitted is accepted at the next attempt, and waits no more', async () => {
    await test.parts.identify(IDENT, FROM);
    const device = await test.parts.waitingRoom.admit(IDENT);
    expect(device).toMatchObject({ ident: IDENT, firstConnection: null });
    expect(await test.parts.waitingRoom.list()).toEqual([]);
    test.now += 1_000;
    const result = await test.parts.identify(IDENT, FROM);
    expect(result).toMatchObject({ accepted: true, device: { id: device.id, firstConnection: START + 1_000 } });
    await expect(test.parts.waitingRoom.admit(IDENT)).rejects.toMatchObject({ code: 'unknown' });
  });

  it('who is dismissed is forgotten, for good', async () => {
    await test.parts.identify(IDENT, FROM);
    expect(await test.parts.waitingRoom.dismiss(IDENT)).toBe(true);
    expect(await test.parts.waitingRoom.dismiss(IDENT)).toBe(false);
    await test.reopen();
    expect(await test.parts.waitingRoom.list()).toEqual([]);
  });

  it('the room is bounded: who tried longest ago is dropped', async () => {
    for (const ident of ['test:1', 'test:2', 'test:3', 'test:1', 'test:4']) {
      test.now += 1_000;
      await test.parts.identify(ident, FROM);
    }
    const idents = ['test:4', 'test:1', 'test:3'];
    expect((await test.parts.waitingRoom.list()).map(({ ident }) => ident)).toEqual(idents);
    await test.reopen();
    expect((await test.parts.waitingRoom.list()).map(({ ident }) => ident).sort()).toEqual([...idents].sort());
  });

  it('a device that was deleted is refused and waits, and comes back under its id when admitted', async () => {
    await test.reopen({ policy: 'auto' });
    const id = await identified(test, IDENT);
    await test.parts.devices.delete(id);
    await test.reopen({ policy: 'known' });
    expect(await test.parts.identify(IDENT, FROM)).toMatchObject(refused);
    expect(await test.parts.waitingRoom.admit(IDENT)).toMatchObject({ id, deleted: null });
    expect(await test.parts.identify(IDENT, FROM)).toMatchObject({ accepted: true, device: { id } });
  });

  it('who became known in another way waits no more', async () => {
    await test.parts.identify(IDENT, FROM);
    await test.parts.devices.create(IDENT);
    expect(await test.parts.identify(IDENT, FROM)).toMatchObject({ accepted: true });
    expect(await test.parts.waitingRoom.list()).toEqual([]);
  });
});
