import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Refusal } from '../../src/devices/refusal.js';
import { NewerLayout } from '../../src/registry/entity.js';
import { path } from '../../src/registry/paths.js';
import { type DevicesUnderTest, FROM, identified, openDevicesUnderTest, START } from './devices-under-test.js';

const IDENT = 'imei:123456789012345';
const OLD_ID = '00112233-4455-6677-8899-aabbccddeeff';
let test: DevicesUnderTest;
beforeEach(async () => {
  test = await openDevicesUnderTest();
});
afterEach(() => test.remove());

describe('a new device', () => {
  it('is made once, of its ident, in the domain default, and its first connection is noted', async () => {
    const first = await test.parts.identify(IDENT, FROM);
    const domain = await test.parts.domains.find('default');
    const device = {
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      ident: IDENT,
      domain: domain?.id,
      owner: null,
      name: null,
      clockOffset: null,
      firstConnection: START,
      deleted: null,
    };
    expect(first).toEqual({ accepted: true, device });
    test.now += 5_000;
    expect(await test.parts.identify(IDENT, FROM)).toEqual(first);
    expect(await test.parts.devices.list({ limit: 10 })).toEqual({ devices: [device], next: null });
    const members = await test.registry.get(path('domain', domain?.id ?? '', 'devices'));
    expect(members?.values.get((await test.parts.devices.byIdent(IDENT))?.id ?? '')).toBe('');
  });

  it('is the same wherever it is made: gateways that never met make the same id and domain', async () => {
    const other = await openDevicesUnderTest();
    try {
      const [here, there] = [await test.parts.devices.create(IDENT), await other.parts.devices.create(IDENT)];
      expect(here).toEqual(there);
      // What ids are derived from must never change.
      expect(here.id).toBe('01a239bf-9aa7-5b0b-ae8f-2ce94bd0db6c');
    } finally {
      await other.remove();
    }
  });

  it('is made once by connections that identify it at once', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => test.parts.identify(IDENT, FROM)));
    expect(new Set(results.map((result) => result.accepted && result.device.id)).size).toBe(1);
    expect((await test.parts.devices.list({ limit: 10 })).devices).toHaveLength(1);
    expect((await test.parts.domains.list({ limit: 10 })).entities).toHaveLength(1);
  });

  it('is there after a restart', async () => {
    const id = await identified(test, IDENT);
    await test.reopen();
    expect(await test.parts.devices.find(IDENT)).toMatchObject({ id, firstConnection: START });
  });
});

it('the id that an ident has wins, however it was made', async () => {
  await test.registry.set(path('device', 'by-ident', IDENT), { id: OLD_ID });
  await test.registry.set(path('device', OLD_ID), { ident: IDENT });
  expect(await identified(test, IDENT)).toBe(OLD_ID);
});

it('the id that an ident has wins even when its node is gone for good', async () => {
  await test.registry.set(path('device', 'by-ident', IDENT), { id: OLD_ID });
  expect(await identified(test, IDENT)).toBe(OLD_ID);
  expect(await test.parts.devices.get(OLD_ID)).toMatchObject({ ident: IDENT });
});

describe('layouts', () => {
  it('an old one is upgraded when it is loaded, and stays so', async () => {
    const at = path('device', OLD_ID);
    await test.registry.set(path('device', 'by-ident', IDENT), { id: OLD_ID });
    await test.registry.set(at, { ident: IDENT, 'first-connection': '1500000000', legacy: 'kept' });
    expect(await test.parts.devices.find(IDENT)).toMatchObject({ id: OLD_ID, firstConnection: 1_500_000_000_000 });
    const values = Object.fromEntries((await test.registry.get(at))?.values ?? []);
    expect(values).toEqual({ ident: IDENT, 'first-connection': '1500000000000', legacy: 'kept', '.version': '1' });
    expect(await test.parts.devices.find(IDENT)).toMatchObject({ firstConnection: 1_500_000_000_000 });
  });

  it('an old one that is deleted is read as of today, and stays deleted', async () => {
    const at = path('device', OLD_ID);
    await test.registry.set(at, { ident: IDENT, 'first-connection': '1500000000' });
    await test.registry.delete(at);
    expect(await test.parts.devices.get(OLD_ID)).toMatchObject({ firstConnection: 1_500_000_000_000, deleted: 0 });
    expect(await test.registry.status(at)).toBe(5);
  });

  it('a newer one is not touched', async () => {
    const at = path('device', OLD_ID);
    await test.registry.set(at, { ident: IDENT, '.version': '999' });
    await expect(test.parts.devices.get(OLD_ID)).rejects.toThrow(NewerLayout);
    await expect(test.parts.devices.get(OLD_ID)).rejects.toThrow(/"999"/);
  });
});

describe('listing', () => {
  const idents = Array.from({ length: 250 }, (_, n) => `test:${String(n).padStart(4, '0')}`);

  it('goes page by page in the order of idents, without the deleted ones', async () => {
    const made = await Promise.all(idents.map((ident) => test.parts.devices.create(ident)));
    for (const device of made.slice(0, 120)) await test.parts.devices.delete(device.id);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await test.parts.devices.list({ limit: 40, after });
      expect(page.devices.length).toBeLessThanOrEqual(40);
      seen.push(...page.devices.map(({ ident }) => ident));
      after = page.next ?? undefined;
    } while (after !== undefined);
    expect(seen).toEqual(idents.slice(120));
    const deleted = await test.parts.devices.list({ limit: 1_000, deleted: true });
    expect(deleted.devices.map(({ ident }) => ident)).toEqual(idents.slice(0, 120));
    expect(deleted.next).toBeNull();
  });

  it('an end that falls on the end of a page is told as the end', async () => {
    await Promise.all(idents.slice(0, 3).map((ident) => test.parts.devices.create(ident)));
    expect((await test.parts.devices.list({ limit: 3 })).next).toBeNull();
    expect((await test.parts.devices.list({ limit: 2 })).next).toBe('test:0001');
  });
});

describe('changing', () => {
  it('name, domain and owner are set and taken away', async () => {
    const id = await identified(test);
    const domain = await test.parts.domains.create('north');
    const user = await test.parts.users.create('ada');
    const changed = await test.parts.devices.update(id, { name: 'Van 7', domain: 'north', owner: 'ada' });
    expect(changed).toMatchObject({ name: 'Van 7', domain: domain.id, owner: user.id });
    expect((await test.registry.get(path('domain', domain.id, 'devices')))?.values.has(id)).toBe(true);
    const before = await test.parts.domains.find('default');
    expect((await test.registry.get(path('domain', before?.id ?? '', 'devices')))?.values.has(id)).toBe(false);
    expect(await test.parts.devices.update(id, { name: null, domain: null, owner: null })).toMatchObject({
      name: null,
      domain: null,
      owner: null,
    });
    expect(await test.parts.devices.update(id, { owner: user.id })).toMatchObject({ name: null, owner: user.id });
  });

  it.each([{ name: '' }, { name: 'a\nb' }, { name: 'x'.repeat(256) }, { domain: 'nowhere' }, { owner: 'nobody' }])(
    'of %j is refused and changes nothing',
    async (changes) => {
      const id = await identified(test);
      const before = await test.parts.devices.get(id);
      await expect(test.parts.devices.update(id, changes)).rejects.toMatchObject({ code: 'invalid' });
      expect(await test.parts.devices.get(id)).toEqual(before);
    },
  );

  it('of a device that is not there is refused', async () => {
    await expect(test.parts.devices.update(OLD_ID, { name: 'x' })).rejects.toMatchObject({ code: 'unknown' });
    await expect(test.parts.devices.delete('by-ident')).rejects.toThrow(Refusal);
    await expect(test.parts.devices.restore('default')).rejects.toThrow(Refusal);
  });
});

describe('a deleted device', () => {
  it('keeps what it had, is told with its date, and comes back by restoring', async () => {
    const id = await identified(test);
    await test.parts.settings.set(id, 'interval', '60');
    await test.parts.devices.update(id, { name: 'Van 7' });
    test.now += 1_000;
    expect(await test.parts.devices.delete(id)).toMatchObject({ id, name: 'Van 7', deleted: START + 1_000 });
    expect(await test.parts.devices.find(IDENT)).toMatchObject({ deleted: START + 1_000 });
    expect(await test.parts.devices.delete(id)).toMatchObject({ deleted: START + 1_000 });
    await test.reopen();
    expect(await test.parts.devices.restore(id)).toMatchObject({ id, name: 'Van 7', deleted: null });
    expect(await test.parts.settings.list(id)).toMatchObject([{ name: 'interval', pending: '60' }]);
  });

  it('is restored under its id when it identifies itself', async () => {
    const id = await identified(test);
    await test.parts.devices.delete(id);
    expect(await test.parts.identify(IDENT, FROM)).toMatchObject({ accepted: true, device: { id, deleted: null } });
  });

  it('takes no change, and none brings a part of it back', async () => {
    const id = await identified(test);
    await test.parts.devices.delete(id);
    const { settings, commands, status, listedSensors, channelTranslation } = test.parts;
    for (const change of [
      () => settings.set(id, 'a', '1'),
      () => settings.reported(id, 'a', '1'),
      () => commands.add(id, 'reboot', {}),
      () => commands.done(id, OLD_ID, null),
      () => status.set(id, 'cap', 'a'),
      () => listedSensors.mark(id, 'x', test.now),
      () => channelTranslation.set(id, { priority: 1, pattern: 'a', topic: 'b' }),
      () => test.parts.devices.update(id, { name: 'x' }),
    ])
      await expect(change()).rejects.toMatchObject({ code: 'unknown' });
    expect((await test.parts.devices.get(id))?.deleted).toBe(START);
    const nodes: string[] = [];
    for await (const node of test.registry.walk(path('device', 'by-ident'))) nodes.push(node);
    expect(nodes.filter((node) => node.includes(id))).toEqual([]);
    expect(await test.registry.children('/device/')).toEqual(['by-ident']);
  });
});
