import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { type Answer, type Ask, type Contract, exampleBody, filled, openContract } from './contract.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const NOBODY = '00000000-0000-4000-8000-000000000000';

/** What examples come to where what they are about is not there: who waits, the user, the session. */
const statusesOfExamples: Readonly<Record<string, readonly number[]>> = {
  'POST /api/waiting': [404],
  'POST /api/login': [401],
  'PUT /api/me/password': [409],
  'PATCH /api/users/{user}': [404],
  'PATCH /api/domains/{domain}': [404],
};

let gateway: GatewayUnderTest;
let contract: Contract;
let ask: (method: string, path: string, ask?: Ask) => Promise<Answer>;
let idents = 490_154_203_237_000;
let ident = '';
/** The path of a device that is new in each test. */
let device = '';

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  contract = await openContract(gateway);
  ask = contract.ask;
});
afterAll(() => gateway.remove());
beforeEach(async () => {
  ident = `imei:${++idents}`;
  device = `/api/devices/${ident}`;
  (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident)).end();
});

/** Expects a refusal that names the field. */
async function expectProblem(answer: Promise<Answer>, status: number, field?: string): Promise<Answer> {
  const { body, type, ...rest } = await answer;
  expect({ status: rest.status, type, field: body.field }).toEqual({ status, type: 'application/problem+json', field });
  expect(body).toMatchObject({ type: 'about:blank', status });
  expect(JSON.stringify(body)).not.toMatch(/\.[jt]s:\d+|node_modules/);
  return { body, type, ...rest };
}

describe('devices', () => {
  it('are listed in pages, found by ident and by id, renamed, deleted and restored', async () => {
    const { body: found } = await ask('GET', device);
    expect(found).toMatchObject({ ident, name: null, deleted: null });
    expect(found.id).toMatch(UUID);
    expect((await ask('GET', `/api/devices/${found.id}`)).body).toMatchObject({ id: found.id, ident });
    expect((await ask('PATCH', device, { body: { name: 'Van 7' } })).body.name).toBe('Van 7');
    const first = (await ask('GET', '/api/devices?limit=1')).body;
    expect(first.devices).toHaveLength(1);
    const all: string[] = [];
    for (let cursor = ''; ; ) {
      const { body } = await ask('GET', `/api/devices?limit=1${cursor}`);
      all.push(...body.devices.map((one: { ident: string }) => one.ident));
      if (body.next === null) break;
      cursor = `&cursor=${encodeURIComponent(body.next)}`;
    }
    expect(all).toContain(ident);
    expect(new Set(all).size).toBe(all.length);
    expect((await ask('DELETE', device)).body.deleted).not.toBeNull();
    expect((await ask('GET', '/api/devices?deleted=true&limit=1000')).body.devices).toContainEqual(
      expect.objectContaining({ id: found.id }),
    );
    expect((await ask('POST', `${device}/restore`)).body.deleted).toBeNull();
  });

  it('refuse what they do not take', async () => {
    await expectProblem(ask('GET', `/api/devices/${NOBODY}`), 404, 'device');
    await expectProblem(ask('GET', '/api/devices?limit=0'), 400, 'limit');
    await expectProblem(ask('GET', '/api/devices?colour=red'), 400, 'colour');
    await expectProblem(ask('PATCH', device, { body: { name: 7 } }), 400, 'name');
    await expectProblem(ask('PATCH', device, { body: { colour: 'red' } }), 400, 'colour');
    await expectProblem(ask('PATCH', device, { raw: { type: 'text/plain', bytes: 'red' } }), 415, 'content-type');
    await expectProblem(ask('PATCH', device, { raw: { type: 'application/json', bytes: '{' } }), 400, 'body');
    await expectProblem(ask('PATCH', device, { body: { name: 'x'.repeat(1_100_000) } }), 413, 'body');
    await expectProblem(ask('DELETE', `/api/devices/${NOBODY}`), 404, 'device');
    await expectProblem(ask('POST', `/api/devices/${NOBODY}/restore`), 404, 'device');
  });
});

describe('search', () => {
  it('finds a device by its ident, and refuses what it does not take', async () => {
    expect((await ask('GET', `/api/search?q=${ident}`)).body.devices).toMatchObject([{ device: { ident } }]);
    await expectProblem(ask('GET', '/api/search'), 400, 'q');
    await expectProblem(ask('GET', '/api/search?q=silent:soon'), 400, 'q');
  });
});

describe('settings', () => {
  it('reach the connected device, and are seen as acknowledged once it is', async () => {
    const socket = await DeviceOnASocket.identified(alip, gateway.port('alip'), ident);
    expect((await ask('PUT', `${device}/settings/period`, { body: { value: '60' } })).body).toMatchObject({
      pending: '60',
    });
    expect(await socket.hears('setting')).toEqual({ event: 'setting', name: 'period', value: '60' });
    socket.send(socket.side.settingReported('period', '60'));
    await socket.barrier();
    const { body } = await ask('GET', `${device}/settings`);
    expect(body.settings).toEqual([expect.objectContaining({ name: 'period', value: '60', pending: null })]);
    socket.end();
  });

  it('are withdrawn before they are sent', async () => {
    await ask('PUT', `${device}/settings/period`, { body: { value: '60' } });
    expect((await ask('DELETE', `${device}/settings/period`)).status).toBe(204);
    expect((await ask('GET', `${device}/settings`)).body.settings).toEqual([]);
  });

  it('refuse what they do not take', async () => {
    await expectProblem(ask('PUT', `${device}/settings/period`, { body: { value: 60 } }), 400, 'value');
    await expectProblem(ask('PUT', `${device}/settings/period`, { body: {} }), 400, 'value');
    await expectProblem(ask('PUT', `${device}/settings/${'n'.repeat(256)}`, { body: { value: '60' } }), 400, 'name');
    await expectProblem(ask('GET', `/api/devices/${NOBODY}/settings`), 404, 'device');
    await expectProblem(ask('DELETE', `${device}/settings/nothing`), 404, 'name');
  });
});

describe('commands', () => {
  it('reach the connected device, which answers', async () => {
    const socket = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    const { body: added } = await ask('POST', `${device}/commands`, { body: { text: 'reboot' } });
    const heard = await socket.hears('command');
    expect(heard).toEqual({ event: 'command', id: added.id, text: 'reboot' });
    socket.send(socket.side.commandDone(added.id, 'done it'));
    await socket.barrier();
    expect((await ask('GET', `${device}/commands/${added.id}`)).body).toMatchObject({
      text: 'reboot',
      state: 'done',
      response: 'done it',
    });
    expect((await ask('GET', `${device}/commands`)).body.commands).toHaveLength(1);
    socket.end();
  });

  it('are cancelled, and expire', async () => {
    const { body: one } = await ask('POST', `${device}/commands`, { body: { text: 'reboot' } });
    expect((await ask('DELETE', `${device}/commands/${one.id}`)).body.state).toBe('cancelled');
    const expires = new Date(Date.now() + 60_000).toISOString();
    const { body: two } = await ask('POST', `${device}/commands`, { body: { text: 'horn', expires } });
    expect(two.expires).toBe(expires);
  });

  it('refuse what they do not take', async () => {
    await expectProblem(ask('POST', `${device}/commands`, { body: { text: '' } }), 400, 'text');
    await expectProblem(ask('POST', `${device}/commands`, { body: { text: 'x', expires: 'soon' } }), 400, 'expires');
    await expectProblem(ask('GET', `${device}/commands/${NOBODY}`), 404, 'id');
    await expectProblem(ask('DELETE', `${device}/commands/${NOBODY}`), 404, 'id');
    await expectProblem(ask('GET', `${device}/commands?limit=x`), 400, 'limit');
    await expectProblem(ask('POST', `/api/devices/${NOBODY}/commands`, { body: { text: 'x' } }), 404, 'device');
  });
});

describe('readings', () => {
  const day = (n: number) => new Date(Date.UTC(2026, 0, 29 + n, 12)).toISOString();
  const times = (answer: Answer) => answer.body.readings.map((reading: { time: string }) => reading.time);

  beforeEach(async () => {
    const readings = [0, 1, 2, 3, 4, 5].map((n) => ({ type: n % 2 ? 'sen:volt' : 'sen:temp', time: day(n), data: n }));
    expect((await ask('POST', `${device}/readings`, { body: { readings } })).body.readings).toHaveLength(6);
  });

  it('are read by time, type and order, over the end of a month', async () => {
    expect(times(await ask('GET', `${device}/readings?type=sen:temp`))).toEqual([day(4), day(2), day(0)]);
    expect(times(await ask('GET', `${device}/readings?type=sen:temp&order=asc`))).toEqual([day(0), day(2), day(4)]);
    expect(times(await ask('GET', `${device}/readings?from=${day(1)}&to=${day(3)}&order=asc`))).toEqual(
      [1, 2, 3].map(day),
    );
    expect(times(await ask('GET', `${device}/readings?to=2026-01-30&order=asc`))).toEqual([day(0), day(1)]);
  });

  it('are paged without a gap or a double', async () => {
    const all: string[] = [];
    for (let cursor = ''; ; ) {
      const answer = await ask('GET', `${device}/readings?to=${day(5)}&limit=2${cursor}`);
      all.push(...times(answer));
      if (answer.body.next === null) break;
      cursor = `&cursor=${encodeURIComponent(answer.body.next)}`;
    }
    expect(all).toEqual([5, 4, 3, 2, 1, 0].map(day));
  });

  it('are read of several devices at once', async () => {
    const { body } = await ask('GET', `/api/readings?device=${ident}&type=sen:temp&order=asc`);
    expect(body.readings).toMatchObject([0, 2, 4].map((n) => ({ ident, time: day(n), data: n })));
    await expectProblem(ask('GET', '/api/readings'), 400, 'device');
  });

  it('have a track, and the latest of all devices is one answer', async () => {
    await ask('POST', `${device}/readings`, { body: { type: 'sen:loc', time: day(0), data: { lat: 48.5, lon: 2.5 } } });
    expect((await ask('GET', `${device}/track`)).body).toMatchObject({ places: 1, distance: 0, stopCount: 0 });
    await expectProblem(ask('GET', `${device}/track?points=1`), 400, 'points');
    expect((await ask('GET', '/api/latest')).body.latest).toContainEqual(expect.objectContaining({ ident }));
    await expectProblem(ask('GET', '/api/latest?bbox=1'), 400, 'bbox');
  });

  it('have a latest of each type', async () => {
    const { body } = await ask('GET', `${device}/latest`);
    const newest = body.latest.filter(({ type }: { type: string }) => type.startsWith('sen:'));
    expect(newest.map(({ type, data }: { type: string; data: unknown }) => [type, data])).toEqual([
      ['sen:temp', 4],
      ['sen:volt', 5],
    ]);
  });

  it('posted again are the same ones, and are deleted one by one, by range, and all', async () => {
    const again = { type: 'sen:temp', time: day(0), data: 0 };
    const { body } = await ask('POST', `${device}/readings`, { body: again });
    expect(times(await ask('GET', `${device}/readings?to=${day(5)}`))).toHaveLength(6);
    const url = `${device}/readings`;
    expect((await ask('DELETE', `${url}/${body.readings[0].id}?type=sen:temp`)).status).toBe(204);
    expect((await ask('DELETE', `${url}?from=${day(1)}&to=${day(2)}`)).status).toBe(204);
    expect(times(await ask('GET', `${url}?to=${day(5)}&order=asc`))).toEqual([3, 4, 5].map(day));
    expect((await ask('DELETE', `${url}?all=true`)).status).toBe(204);
    expect(times(await ask('GET', url))).toEqual([]);
  });

  it('refuse what they do not take', async () => {
    const post = (body: unknown) => ask('POST', `${device}/readings`, { body });
    await expectProblem(ask('GET', `${device}/readings?from=yesterday`), 400, 'from');
    await expectProblem(ask('GET', `${device}/readings?order=up`), 400, 'order');
    await expectProblem(ask('GET', `${device}/readings?cursor=zzz`), 400, 'cursor');
    await expectProblem(post({ type: '_server', data: 1 }), 400, 'type');
    await expectProblem(post({ type: 'x', time: 'soon', data: 1 }), 400, 'time');
    expect((await post({ readings: [] })).status).toBe(400);
    expect((await post({ data: 1 })).status).toBe(400);
    await expectProblem(ask('DELETE', `${device}/readings`), 400);
    await expectProblem(ask('DELETE', `${device}/readings/nonsense?type=x`), 404, 'id');
    await expectProblem(ask('DELETE', `${device}/readings/${NOBODY}`), 400, 'type');
    await expectProblem(ask('GET', `/api/devices/${NOBODY}/latest`), 404, 'device');
  });
});

describe('what a device is', () => {
  it('its status, listed sensors and channel translation are read, and the latter changed', async () => {
    const socket = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    socket.send(socket.side.status('cap', 'loc,echo'), socket.side.reading('lsen:cellar', '8', null));
    await socket.barrier();
    expect((await ask('GET', `${device}/status`)).body.status).toContainEqual(
      expect.objectContaining({ name: 'cap', value: 'loc,echo' }),
    );
    expect((await ask('GET', `${device}/listed-sensors`)).body.sensors).toContainEqual(
      expect.objectContaining({ name: 'cellar' }),
    );
    const rule = { priority: 10, pattern: '^can:', topic: 'converter-can' };
    expect((await ask('PUT', `${device}/channel-translation`, { body: rule })).body).toEqual(rule);
    expect((await ask('GET', `${device}/channel-translation`)).body.rules).toEqual([rule]);
    expect((await ask('DELETE', `${device}/channel-translation?priority=10&pattern=%5Ecan%3A`)).status).toBe(204);
    expect((await ask('GET', `${device}/channel-translation`)).body.rules).toEqual([]);
    socket.end();
  });

  it('refuse what they do not take', async () => {
    const rule = { priority: 10, pattern: '^can:', topic: 'converter-can' };
    await expectProblem(
      ask('PUT', `${device}/channel-translation`, { body: { ...rule, pattern: '(' } }),
      400,
      'pattern',
    );
    await expectProblem(
      ask('PUT', `${device}/channel-translation`, { body: { ...rule, priority: -1 } }),
      400,
      'priority',
    );
    await expectProblem(ask('DELETE', `${device}/channel-translation?priority=1&pattern=x`), 404, 'pattern');
    await expectProblem(ask('GET', `/api/devices/${NOBODY}/status`), 404, 'device');
    await expectProblem(ask('GET', `/api/devices/${NOBODY}/listed-sensors`), 404, 'device');
    await expectProblem(ask('GET', `/api/devices/${NOBODY}/channel-translation`), 404, 'device');
  });
});

describe('connections', () => {
  it('are listed, by device too, and closed', async () => {
    const socket = await DeviceOnASocket.identified(alip, gateway.port('alip'), ident);
    const { body } = await ask('GET', `/api/connections?device=${ident}`);
    expect(body.connections).toEqual([expect.objectContaining({ protocol: 'alip', ident })]);
    expect((await ask('GET', '/api/connections?limit=1000')).body.connections).toContainEqual(body.connections[0]);
    expect((await ask('DELETE', `/api/connections/${body.connections[0].id}`)).status).toBe(204);
    await socket.isClosed();
    await expectProblem(ask('DELETE', '/api/connections/999999999'), 404, 'id');
    await expectProblem(ask('DELETE', '/api/connections/0a7.1.nobody'), 404, 'id');
    await expectProblem(ask('GET', `/api/connections?device=${NOBODY}`), 404, 'device');
  });
});

describe('the waiting room', () => {
  it('holds whom the gateway does not know, until he is admitted or dismissed', async () => {
    const known = await startGatewayUnderTest({ provisioning: 'known' });
    try {
      const { ask } = await openContract(known, contract.seen);
      for (const one of ['imei:111111111111', 'imei:222222222222'])
        await expect(DeviceOnASocket.identified(m2mp, known.port('m2mp'), one)).rejects.toThrow('refused');
      const { body } = await ask('GET', '/api/waiting');
      expect(body.waiting).toContainEqual(
        expect.objectContaining({ ident: 'imei:111111111111', protocol: 'm2mp', count: 1 }),
      );
      await ask('POST', '/api/waiting', { body: { ident: 'imei:111111111111', admit: true } });
      await ask('POST', '/api/waiting', { body: { ident: 'imei:222222222222', admit: false } });
      expect((await ask('GET', '/api/waiting')).body.waiting).toEqual([]);
      (await DeviceOnASocket.identified(m2mp, known.port('m2mp'), 'imei:111111111111')).end();
      await expectProblem(ask('POST', '/api/waiting', { body: { ident: '', admit: true } }), 400, 'ident');
      await expectProblem(ask('POST', '/api/waiting', { body: { ident: 'imei:1', admit: 'yes' } }), 400, 'admit');
    } finally {
      await known.remove();
    }
    expect((await ask('GET', '/api/waiting')).body.waiting).toEqual([]);
    await expectProblem(
      ask('POST', '/api/waiting', { body: { ident: 'imei:333333333333', admit: true } }),
      404,
      'ident',
    );
  });
});

describe('sensors', () => {
  it('are stored and read, with their names', async () => {
    await ask('POST', '/api/sensors', { body: { sensor: 'FA-1:sensor-0', reading: 21.5 } });
    expect((await ask('GET', '/api/sensors')).body.sensors).toContain('FA-1:sensor-0');
    expect((await ask('GET', '/api/sensors?sensor=FA-1:sensor-0')).body.readings).toMatchObject([{ reading: 21.5 }]);
    await expectProblem(ask('POST', '/api/sensors', { body: { sensor: 'a/b', reading: 1 } }), 400, 'sensor');
    await expectProblem(ask('GET', '/api/sensors?sensor=nobody'), 404, 'sensor');
  });
});

describe('events', () => {
  it('come as they happen, of one device where that is asked for', async () => {
    const stop = new AbortController();
    const headers = { authorization: `Bearer ${gateway.token}` };
    const response = await fetch(`${gateway.url}/api/events?device=${ident}`, { headers, signal: stop.signal });
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const other = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), `imei:${++idents}`);
    other.send(other.side.reading('sen:temp', 'of another', null));
    await other.barrier();
    const socket = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), ident);
    socket.send(socket.side.reading('sen:temp', '21.5', null));
    let text = '';
    while (!text.includes('event: reading') || !text.endsWith('\n\n')) text += (await reader.read()).value ?? '';
    expect(text).toContain('event: identified');
    expect(text).toContain('"data":"21.5"');
    expect(text).not.toContain('of another');
    stop.abort();
    socket.end();
    other.end();
    await expectProblem(ask('GET', `/api/events?device=${NOBODY}`), 404, 'device');
    await expectProblem(ask('GET', '/api/events?colour=red'), 400, 'colour');
  });
});

describe('firmware', () => {
  it('is stored under a name, given back byte for byte, replaced and removed', async () => {
    const bytes = Buffer.from(Array.from({ length: 600_000 }, (_, index) => (index * 7) & 0xff));
    const put = (content: Uint8Array) =>
      ask('PUT', '/api/firmware/app-1', { raw: { type: 'application/octet-stream', bytes: content } });
    expect((await put(Buffer.from('old'))).body).toMatchObject({ name: 'app-1', size: 3 });
    expect((await ask('GET', '/api/firmware/app-1')).body).toBe('old');
    expect((await put(bytes)).body).toMatchObject({ name: 'app-1', size: bytes.length });
    expect((await ask('GET', '/api/firmware')).body.firmware).toEqual([expect.objectContaining({ name: 'app-1' })]);
    const response = await fetch(`${gateway.url}/api/firmware/app-1`, {
      headers: { authorization: `Bearer ${gateway.token}` },
    });
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
    expect((await ask('DELETE', '/api/firmware/app-1')).status).toBe(204);
    await expectProblem(ask('GET', '/api/firmware/app-1'), 404, 'name');
    await expectProblem(ask('DELETE', '/api/firmware/app-1'), 404, 'name');
    await expectProblem(ask('PUT', '/api/firmware/app-2', { body: { content: 'x' } }), 415, 'content-type');
  });
});

describe('the registry', () => {
  it('is shown, changed and deleted', async () => {
    await ask('PUT', '/api/registry', { body: { path: '/notes/a/', values: { owner: 'workshop', colour: 'red' } } });
    await ask('PUT', '/api/registry', { body: { path: '/notes/a/', values: { colour: null } } });
    expect((await ask('GET', '/api/registry?path=/notes/a/')).body.values).toEqual({ owner: 'workshop' });
    expect((await ask('GET', '/api/registry?path=/notes/')).body.children).toEqual(['a']);
    expect((await ask('DELETE', '/api/registry?path=/notes/a/')).status).toBe(204);
    expect((await ask('DELETE', '/api/registry?path=/notes/&forReal=true')).status).toBe(204);
    await expectProblem(ask('GET', '/api/registry?path=/notes/'), 404, 'path');
    await expectProblem(ask('GET', '/api/registry?path=notes'), 400, 'path');
    await expectProblem(ask('GET', '/api/registry'), 400, 'path');
    await expectProblem(ask('PUT', '/api/registry', { body: { path: '/notes/../x/', values: 7 } }), 400, 'values');
    await expectProblem(ask('DELETE', '/api/registry?path=/nothing/'), 404, 'path');
  });
});

describe('accounts', () => {
  const password = 'correct horse battery';

  it('domains are made, renamed, deleted when they are empty, and restored', async () => {
    const { body: made } = await ask('POST', '/api/domains', { body: { name: 'east' } });
    expect((await ask('GET', '/api/domains/east')).body).toEqual(made);
    expect((await ask('PATCH', '/api/domains/east', { body: { name: 'far east' } })).body.name).toBe('far east');
    await expectProblem(ask('POST', '/api/domains', { body: { name: 'far east' } }), 409, 'name');
    await ask('PATCH', device, { body: { domain: 'far east' } });
    await expectProblem(ask('DELETE', '/api/domains/far%20east'), 409, 'domain');
    await ask('PATCH', device, { body: { domain: 'default' } });
    expect((await ask('DELETE', '/api/domains/far%20east')).body.deleted).not.toBeNull();
    expect((await ask('GET', '/api/domains?deleted=true')).body.domains).toContainEqual(
      expect.objectContaining({ id: made.id }),
    );
    expect((await ask('POST', `/api/domains/${made.id}/restore`)).body.deleted).toBeNull();
    expect((await ask('GET', '/api/domains')).body.domains).toContainEqual({ ...made, name: 'far east' });
    await expectProblem(ask('GET', '/api/domains/nowhere'), 404, 'domain');
    await expectProblem(ask('GET', '/api/domains?limit=0'), 400, 'limit');
    await expectProblem(ask('POST', '/api/domains', { body: { name: ' x' } }), 400, 'name');
    await expectProblem(ask('PATCH', '/api/domains/nowhere', { body: { name: 'x' } }), 404, 'domain');
    await expectProblem(ask('POST', '/api/domains/nowhere/restore'), 404, 'domain');
  });

  it('users are made, changed, deleted and restored; a password is never shown', async () => {
    const { body: made } = await ask('POST', '/api/users', {
      body: { name: 'grace', role: 'viewer', domain: 'default' },
    });
    expect(made).toMatchObject({ name: 'grace', role: 'viewer', hasPassword: false });
    const { body: changed } = await ask('PATCH', '/api/users/grace', { body: { password, role: 'operator' } });
    expect(changed).toEqual({ ...made, role: 'operator', hasPassword: true });
    expect((await ask('GET', `/api/users/${made.id}`)).body).toEqual(changed);
    expect((await ask('GET', `/api/registry?path=/user/${made.id}/`)).body.values).not.toHaveProperty('password');
    expect((await ask('DELETE', '/api/users/grace')).body.deleted).not.toBeNull();
    await expectProblem(ask('GET', '/api/users/grace'), 404, 'user');
    await expectProblem(ask('PATCH', `/api/users/${made.id}`, { body: { role: 'admin' } }), 409, 'user');
    expect((await ask('GET', '/api/users?deleted=true')).body.users).toHaveLength(1);
    expect((await ask('POST', `/api/users/${made.id}/restore`)).body).toEqual(changed);
    expect((await ask('GET', '/api/users')).body.users).toContainEqual(changed);
    await expectProblem(ask('GET', '/api/users?limit=0'), 400, 'limit');
    await expectProblem(ask('POST', '/api/users', { body: { name: 'grace', role: 'viewer' } }), 409, 'name');
    await expectProblem(ask('POST', '/api/users', { body: { name: 'x', role: 'king' } }), 400, 'role');
    await expectProblem(
      ask('POST', '/api/users', { body: { name: 'x', role: 'viewer', password: 'short' } }),
      400,
      'password',
    );
    await expectProblem(
      ask('POST', '/api/users', { body: { name: 'x', role: 'viewer', domain: 'nowhere' } }),
      400,
      'domain',
    );
    await expectProblem(ask('PATCH', '/api/users/nobody', { body: { role: 'admin' } }), 404, 'user');
    await expectProblem(ask('DELETE', '/api/users/nobody'), 404, 'user');
    await expectProblem(ask('POST', '/api/users/nobody/restore'), 404, 'user');
  });

  it('tokens are told once, are used, and are revoked', async () => {
    const expires = new Date(Date.now() + 3_600_000).toISOString();
    const { body: made } = await ask('POST', '/api/tokens', { body: { name: 'reports', role: 'viewer', expires } });
    expect(made.token).toMatch(/^m2mp_[A-Za-z0-9_-]{43}$/);
    expect((await ask('GET', '/api/me', { token: made.token })).body).toMatchObject({ role: 'viewer', token: made.id });
    const { token: _, ...shown } = made;
    const listed = async () => (await ask('GET', '/api/tokens')).body.tokens;
    // Nobody waits for the note that it was used.
    await expect.poll(listed, { timeout: 10_000 }).toContainEqual({ ...shown, used: expect.any(String) });
    expect((await ask('DELETE', `/api/tokens/${made.id}`)).body.revoked).not.toBeNull();
    expect((await ask('GET', '/api/me', { token: made.token })).status).toBe(401);
    expect((await ask('GET', '/api/tokens')).body.tokens).not.toContainEqual(expect.objectContaining({ id: made.id }));
    await expectProblem(ask('GET', '/api/tokens?limit=0'), 400, 'limit');
    await expectProblem(ask('POST', '/api/tokens', { body: { name: 'x', expires: '2020-01-01' } }), 400, 'expires');
    await expectProblem(ask('POST', '/api/tokens', { body: { name: 'x', domain: 'nowhere' } }), 400, 'domain');
    await expectProblem(ask('DELETE', `/api/tokens/${NOBODY}`), 404, 'token');
  });

  it('one logs in, is told who one is, changes the password, and logs out', async () => {
    await ask('POST', '/api/users', { body: { name: 'joan', role: 'viewer', password } });
    const login = (secret: string) =>
      ask('POST', '/api/login', { token: null, body: { user: 'joan', password: secret } });
    const withCookie = (answer: Answer) => ({
      token: null,
      headers: { cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '', origin: gateway.url },
    });
    await expectProblem(login('wrong'), 401, 'password');
    const first = withCookie(await login(password));
    expect((await ask('GET', '/api/me', first)).body).toMatchObject({ name: 'joan', role: 'viewer' });
    const change = { body: { old: password, password: 'staple battery horse' } };
    await expectProblem(ask('PUT', '/api/me/password', { ...first, body: { ...change.body, old: 'x' } }), 403, 'old');
    expect((await ask('PUT', '/api/me/password', { ...first, ...change })).status).toBe(204);
    expect((await ask('GET', '/api/me', first)).status).toBe(401);
    await expectProblem(login(password), 401, 'password');
    const second = withCookie(await login('staple battery horse'));
    expect((await ask('POST', '/api/logout', second)).status).toBe(204);
    expect((await ask('POST', '/api/logout', second)).status).toBe(401);
    await expectProblem(ask('POST', '/api/login', { token: null, body: { user: 'joan' } }), 400, 'password');
    await expectProblem(ask('PUT', '/api/me/password', change), 409);
  });

  it('what was changed is listed, the newest first', async () => {
    await ask('PATCH', device, { body: { name: 'Van 8' } });
    const { body } = await ask('GET', '/api/audit?limit=1');
    expect(body.acts).toEqual([
      expect.objectContaining({
        action: 'PATCH /api/devices/:device',
        path: device,
        by: 'admin token',
        given: { name: 'Van 8' },
        failed: false,
      }),
    ]);
    expect((await ask('GET', `/api/audit?limit=1&cursor=${encodeURIComponent(body.next)}`)).body.acts).toHaveLength(1);
    expect((await ask('GET', '/api/audit?account=joan')).body.acts[0].action).toBe('POST /api/logout');
    await expectProblem(ask('GET', '/api/audit?account=nobody'), 404, 'account');
    await expectProblem(ask('GET', '/api/audit?from=soon'), 400, 'from');
  });
});

describe('the gateway', () => {
  it('says that it lives and is ready without a token, and what it counts with one', async () => {
    expect((await ask('GET', '/health/live', { token: null })).status).toBe(200);
    expect((await ask('GET', '/health/ready', { token: null })).status).toBe(200);
    const { body } = await ask('GET', '/metrics');
    for (const metric of [
      'm2mp_readings_total',
      'm2mp_connections',
      'm2mp_protocol_errors_total',
      'm2mp_barrier_seconds',
    ])
      expect(body).toContain(metric);
  });

  it('asks for a token wherever there is anything to see', async () => {
    const open = ['GET /health/live', 'GET /health/ready', 'POST /api/login'];
    for (const { method, path } of contract.operations) {
      if (open.includes(`${method} ${path}`)) continue;
      for (const token of [null, 'wrong', gateway.token.slice(0, -1)]) {
        const url = gateway.url + filled(path, { device: ident });
        const headers = token === null ? {} : { authorization: `Bearer ${token}` };
        expect((await fetch(url, { method, headers })).status, `${method} ${path}`).toBe(401);
      }
    }
  });

  it('knows no other routes, and says so', async () => {
    await expectProblem(ask('GET', '/api/nothing'), 404);
    await expectProblem(ask('GET', '/api/devices/%00'), 404, 'device');
  });

  it('documents every request with an example that it takes', async () => {
    (await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), 'imei:490154203237518')).end();
    for (const operation of contract.operations) {
      const body = exampleBody(operation);
      if (body === undefined) continue;
      const path = filled(operation.path, { device: 'imei:490154203237518', name: 'period' });
      const { status } = await ask(operation.method, path, { body });
      // Dates of an example may lie in the past by now, and nobody waits to be admitted.
      const others = statusesOfExamples[`${operation.method} ${operation.path}`] ?? [400];
      expect([200, 201, ...others], `${operation.method} ${operation.path}`).toContain(status);
    }
  });

  it('has no secret in its answers', async () => {
    for (const { method, path } of contract.operations.filter(
      (one) => one.method === 'GET' && one.path !== '/api/events',
    )) {
      const { body } = await ask(method, filled(path, { device: ident }));
      expect(JSON.stringify(body)).not.toContain(gateway.token);
    }
    expect(readFileSync(`${gateway.directory}/admin.token`, 'utf8').trim()).toBe(gateway.token);
  });

  it('had each of its operations answered well and badly by the tests above', () => {
    const missing: string[] = [];
    for (const { method, path, documented } of contract.operations) {
      const seen = [...(contract.seen.get(`${method} ${path}`) ?? [])];
      const good = seen.some((status) => status < 300) || path === '/api/events';
      const canFail = Object.keys(documented.responses).some((status) => ['400', '404'].includes(status));
      if (!good || (canFail && !seen.some((status) => status >= 400))) missing.push(`${method} ${path}: ${seen}`);
    }
    expect(missing).toEqual([]);
  });
});
