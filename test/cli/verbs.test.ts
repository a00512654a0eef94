import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp as protocol } from '../../protocols/m2mp/index.js';
import { startGatewayProcess } from '../durability/gateway-process.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { m2mp, type Run } from './program.js';

const IDENT = 'imei:490154203237518';
const STRANGER = 'imei:490154203237526';

let gateway: GatewayUnderTest;
let folder: string;
let device: DeviceOnASocket;
const run = (...args: string[]): Promise<Run> =>
  m2mp(args, { env: { M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token } });
/** Runs and expects that it went well. */
const out = async (...args: string[]): Promise<string> => {
  const { code, out, err } = await run(...args);
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' });
  return out;
};
const rows = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2mp-cli-'));
  gateway = await startGatewayUnderTest({ provisioning: 'known' });
  for (const ident of [IDENT, STRANGER])
    await DeviceOnASocket.identified(protocol, gateway.port('m2mp'), ident).catch(() => {});
  await out('waiting', 'admit', IDENT);
  device = await DeviceOnASocket.identified(protocol, gateway.port('m2mp'), IDENT);
  for (const n of [0, 1, 2]) device.send(device.side.reading('sen:temp', `2${n}.5`, Date.UTC(2026, 0, 1, n)));
  await device.barrier();
});
afterAll(async () => {
  device.end();
  await gateway.remove();
  await rm(folder, { recursive: true });
});

it('devices are listed, shown, renamed, deleted and restored', async () => {
  expect(await out('devices')).toContain(IDENT);
  expect(rows(await out('devices', '--json'))).toMatchObject([{ ident: IDENT }]);
  await out('devices', 'rename', IDENT, 'Van 7');
  expect(await out('devices', 'show', IDENT)).toContain('Van 7');
  await out('devices', 'delete', IDENT);
  expect((await run('devices')).out).not.toContain(IDENT);
  const [{ id }] = rows(await out('devices', 'list', '--deleted', '--json'));
  await out('devices', 'restore', id);
  expect(await out('devices')).toContain(IDENT);
});

it('settings are set, reach the device, and are removed', async () => {
  await out('settings', IDENT, 'set', 'interval', '60');
  expect(await device.hears('setting')).toMatchObject({ name: 'interval', value: '60' });
  expect(await out('settings', IDENT)).toMatch(/interval/);
  await out('settings', IDENT, 'remove', 'interval');
  expect(await out('settings', IDENT, '--json')).toBe('');
});

it('commands are sent, listed and cancelled', async () => {
  await out('commands', IDENT, 'send', 'engine stop', '--expires', '10m');
  expect(await device.hears('command')).toMatchObject({ text: 'engine stop' });
  const [{ id, text }] = rows(await out('commands', IDENT, '--json'));
  expect(text).toBe('engine stop');
  await out('commands', IDENT, 'cancel', id);
  expect(await out('commands', IDENT)).toContain('cancelled');
});

it('readings come as a table, as CSV and as lines of JSON', async () => {
  expect(await out('readings', IDENT, '--type', 'sen:temp')).toMatch(/2026-01-01T02:00:00.000Z +sen:temp +"22.5"/);
  const csv = (await out('readings', IDENT, '--type', 'sen:temp', '--format', 'csv', '--order', 'asc')).split('\n');
  expect(csv[0]).toBe('time,type,data,id');
  expect(csv[1]).toMatch(/^2026-01-01T00:00:00.000Z,sen:temp,"""20.5""",/);
  const json = await out(
    'readings',
    IDENT,
    '--from',
    '2026-01-01T01:00:00Z',
    '--to',
    '2026-01-01',
    '--format',
    'ndjson',
  );
  expect(rows(json).map(({ data }) => data)).toEqual(['21.5', '22.5']);
});

it('devices are found by what they are, and the way of one is told with its stops', async () => {
  const start = Date.UTC(2026, 3, 1);
  for (let minute = 0; minute < 10; minute++)
    device.send(
      device.side.location({ time: start + minute * 60_000, lat: 48.85, lon: 2.35 + (minute < 5 ? 0 : 0.1) }),
    );
  await device.barrier();
  expect(await out('devices', 'search', '"490154203237518" near:48.85,2.45,1')).toContain(IDENT);
  expect(await out('devices', 'search', 'near:10,10,1', '--json')).toBe('');
  expect((await run('devices', 'search', 'near:here')).err).toContain('near:here');
  const track = await out('track', IDENT, '--from', '2026-04-01', '--to', '2026-04-01');
  expect(track).toMatch(/10 places\n7\.\d{3} km, 0:01:00 in motion, 2 stops\n/);
  expect(track).toMatch(/2026-04-01T00:05:00.000Z +0:04:00 +48.85 +2.45/);
  const [{ points, stopCount }] = rows(await out('track', IDENT, '--points', '2', '--stop-time', '600', '--json'));
  expect([points.length, stopCount]).toEqual([2, 0]);
});

it('readings come by period and of many devices', async () => {
  const hours = await out(
    'readings',
    IDENT,
    '--type',
    'sen:temp',
    '--every',
    '1d',
    '--aggregate',
    'max',
    '--format',
    'ndjson',
  );
  expect(rows(hours)).toEqual([{ time: '2026-01-01T00:00:00.000Z', type: 'sen:temp', data: 22.5, count: 3 }]);
  expect(await out('readings', IDENT, IDENT, '--type', 'sen:temp')).toMatch(/IDENT.*\n.*490154203237518 .*22.5/);
});

it('the waiting room is listed and emptied', async () => {
  expect(await out('waiting')).toContain(STRANGER);
  await out('waiting', 'dismiss', STRANGER);
  expect(await out('waiting', '--json')).toBe('');
});

it('connections are listed, and closed', async () => {
  const other = await DeviceOnASocket.identified(protocol, gateway.port('m2mp'), IDENT);
  const open = rows(await out('connections', '--json'));
  expect(open.map(({ ident }) => ident)).toContain(IDENT);
  const newest = open.toSorted((a, b) => (String(a['opened']) < String(b['opened']) ? 1 : -1))[0];
  await out('connections', 'close', String(newest?.['id']));
  await other.isClosed();
});

it('firmware is added, listed and removed', async () => {
  const file = join(folder, 'firmware.bin');
  await writeFile(file, Buffer.alloc(700_000, 5));
  await out('firmware', 'add', 'v2', file);
  expect(rows(await out('firmware', '--json'))).toMatchObject([{ name: 'v2', size: 700_000 }]);
  await out('firmware', 'remove', 'v2');
  expect((await run('firmware', 'remove', 'v2')).code).toBe(1);
});

it('domains are made, get devices, and are deleted when they are empty', async () => {
  await out('domains', 'add', 'north');
  await out('devices', 'move', IDENT, 'north');
  expect(await run('domains', 'delete', 'north')).toMatchObject({ code: 1, err: expect.stringContaining('1 devices') });
  await gateway.api('PATCH', `/api/devices/${IDENT}`, { domain: 'default' });
  expect(await out('domains')).toMatch(/^NAME +ID\n(.*\n)*north +[0-9a-f-]{36}\n$/);
}, 60_000);

it('users are made with a password that is not on the command line, changed and deleted', async () => {
  const env = { M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token };
  const add = ['users', 'add', 'ada', '--role', 'viewer', '--domain', 'default', '--password'];
  expect(await m2mp(add, { env, stdin: 'correct horse battery\n' })).toMatchObject({ code: 0 });
  const login = await gateway.api('POST', '/api/login', { user: 'ada', password: 'correct horse battery' });
  expect(login.status).toBe(200);
  expect(await m2mp(add, { env, stdin: '' })).toMatchObject({ code: 2, err: expect.stringContaining('no password') });
  await out('users', 'change', 'ada', '--name', 'grace', '--role', 'operator', '--domain', 'all');
  expect(await out('users')).toMatch(/grace +operator +all +yes/);
  expect(await out('users', 'delete', 'grace')).toContain('grace is deleted');
}, 60_000);

it('a token is printed once, holds, and is revoked; the trail tells', async () => {
  const { code, out: text } = await run('tokens', 'create', 'reports', '--role', 'viewer', '--expires', '90d');
  expect({ code, text }).toEqual({ code: 0, text: expect.stringMatching(/^m2mp_[A-Za-z0-9_-]{43}\n$/) });
  const env = { M2MP_URL: gateway.url, M2MP_TOKEN: text.trim() };
  const [{ id, name }] = rows((await m2mp(['tokens', '--json'], { env })).out);
  expect(name).toBe('reports');
  expect(await out('tokens', 'revoke', id)).toBe('reports is revoked\n');
  const trail = await out('audit', '--limit', '2');
  expect(trail).toContain(`DELETE /api/tokens/${id}`);
  expect(trail).toContain('{"name":"reports"');
}, 60_000);

it('the registry is looked through', async () => {
  expect(await out('registry', 'ls', '/device/')).toContain('by-ident');
});

it('a simulation is verified at the URL that is given', async () => {
  const open = await startGatewayUnderTest();
  const to = `127.0.0.1:${open.port('m2mp')}`;
  const args = ['simulate', '--to', to, '--duration', '1s', '--rate', '50', '--json', '--verify', open.url];
  const { code, out: said } = await m2mp(args, { env: { M2MP_TOKEN: open.token } });
  await open.remove();
  expect(code).toBe(0);
  const { acknowledged, verification } = JSON.parse(said);
  expect(acknowledged).toBeGreaterThan(10);
  expect(verification).toMatchObject({ acknowledged, lost: 0, duplicated: 0, altered: 0 });
});

it('a simulation outlives the kill of its gateway, and is verified when that is back', async () => {
  const data = join(folder, 'killed');
  const first = await startGatewayProcess(data);
  const port = String(first.ports.get('m2mp'));
  const args = [
    'simulate',
    '--to',
    `127.0.0.1:${port}`,
    '--devices',
    '5',
    '--duration',
    '2s',
    '--rate',
    'max',
    '--json',
  ];
  const simulation = m2mp([...args, '--verify', first.url], { env: { M2MP_TOKEN: first.token } });
  await expect.poll(() => first.metric('m2mp_barrier_seconds_count'), { timeout: 10_000 }).toBeGreaterThan(20);
  await first.end('SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  const second = await startGatewayProcess(data, ['--m2mp-port', port, '--http-port', new URL(first.url).port]);
  const { code, out: said, err } = await simulation;
  await second.end('SIGTERM');
  const { acknowledged, dropped, verification } = JSON.parse(said);
  expect({ code, verification }).toMatchObject({ code: 0, verification: { acknowledged, lost: 0, duplicated: 0 } });
  expect(acknowledged).toBeGreaterThan(0);
  expect(dropped).toBeGreaterThanOrEqual(5);
  expect(err).toContain('waiting to verify: no gateway answers');
}, 60_000);

it('health says ready, and with another exit code that nobody is there', async () => {
  expect(await out('health')).toBe('ready\n');
  const { code, err } = await run('health', '--url', 'http://127.0.0.1:1');
  expect(code).toBe(1);
  expect(err).toContain('http://127.0.0.1:1');
});

it.each([
  [['devices', 'show', 'nobody'], 1, 'nobody'],
  [['readings', IDENT, '--from', 'yesterday'], 1, 'from'],
  [['readings', IDENT, '--order', 'up'], 2, 'asc, desc'],
  [['commands', IDENT, 'send', 'x', '--expires', 'soon'], 2, '90s, 10m'],
  [['devices', '--url', 'nowhere'], 2, 'http://127.0.0.1:8080'],
  [['firmware', 'add', 'v3', '/nothing/there.bin'], 1, '/nothing/there.bin'],
  [['no-such-verb'], 2, 'no-such-verb'],
  [['serve', '--m2mp-port', 'x'], 2, 'm2mp-port'],
  [['simulate', '--rate', '0'], 2, 'over 0'],
  [['simulate', '--route', 'nowhere'], 2, 'circle, random'],
  [['simulate', '--to', '127.0.0.1:1', '--duration', '300ms'], 1, '127.0.0.1:1'],
  [['replay', '/nothing/there.session'], 2, '/nothing/there.session'],
])('%j ends with %d and says %s', async (args, code, what) => {
  const { code: ended, err } = await run(...args);
  expect({ code: ended, err }).toEqual({ code, err: expect.stringContaining(what) });
  expect(err).not.toMatch(/\n\s+at /);
});

it('a wrong token is refused, with a hint', async () => {
  const { code, err } = await m2mp(['devices'], { env: { M2MP_URL: gateway.url, M2MP_TOKEN: 'wrong' } });
  expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('--token-file') });
});

it.each([
  'serve',
  'devices',
  'settings',
  'commands',
  'readings',
  'waiting',
  'connections',
  'firmware',
  'registry',
  'health',
  'simulate',
  'replay',
])('%s has help', async (verb) => {
  expect(await out(verb, '--help')).toContain(`Usage: m2mp ${verb}`);
});
