import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp as protocol } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { environment, PROGRAM } from './program.js';

let data: string;
let child: ChildProcess | undefined;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'm2mp-secrets-'));
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await rm(data, { recursive: true, force: true });
});

it('a log of everything, over the life of all kinds of secrets, holds none of them', async () => {
  const places = ['--data', data, '--m2mp-port', '0', '--alip-port', '0', '--http-port', '0', '--host', '127.0.0.1'];
  const args = [PROGRAM, 'serve', ...places, '--log-format', 'json', '--log-level', 'trace'];
  const env = environment({ M2MP_CASSANDRA_USERNAME: 'cassandra', M2MP_CASSANDRA_PASSWORD: 'of-the-database' });
  child = spawn(process.execPath, args, { cwd: tmpdir(), env });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  await expect.poll(() => log, { timeout: 20_000 }).toMatch(/"try .*\n/);
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(log)?.[0] ?? '';
  const port = Number(/"M2MP +127\.0\.0\.1:(\d+)"/.exec(log)?.[1]);
  const admin = (await readFile(join(data, 'admin.token'), 'utf8')).trim();

  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const type = body === undefined ? undefined : { 'content-type': 'application/json' };
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(url + path, {
      method,
      headers: { ...('cookie' in headers ? {} : { authorization: `Bearer ${admin}` }), ...type, ...headers },
      ...(text !== undefined && { body: text }),
    });
    const told = await answer.text();
    return { status: answer.status, cookie: answer.headers.get('set-cookie') ?? '', told };
  };
  const secrets = { database: 'of-the-database', admin, password: 'first-and-good', next: 'second-and-good' };
  await ask('POST', '/api/users', { name: 'ada', role: 'admin', password: secrets.password });
  await ask('POST', '/api/users', { name: 'eve', role: 'king', password: 'with-a-wrong-role' });
  await ask('POST', '/api/users', '{"name":"eve","password":"in-broken-json"');
  await ask('PATCH', '/api/users/ada', { password: 'short-1' });
  await ask('POST', '/api/login', { user: 'ada', password: 'guessed-wrongly' });
  await ask('POST', '/api/login', { user: 'typed-into-the-name', password: 'guessed-wrongly' });
  const { cookie } = await ask('POST', '/api/login', { user: 'ada', password: secrets.password });
  const session = cookie.split(';')[0]?.split('=')[1] ?? '';
  const { token } = JSON.parse((await ask('POST', '/api/tokens', { name: 'x' })).told);
  await ask('GET', '/api/me', undefined, { authorization: `Bearer ${token}` });
  await ask('GET', '/api/me', undefined, { authorization: 'Bearer m2mp_not-a-right-one' });
  await ask('GET', `/api/me?token=in-the-query`);
  await ask('GET', '/nothing/in-the-path');
  const change = { old: secrets.password, password: secrets.next };
  const changed = await ask('PUT', '/api/me/password', change, { cookie: `m2mp_session=${session}`, origin: url });
  expect(changed.status).toBe(204);
  const device = await DeviceOnASocket.identified(protocol, port, 'imei:490154203237518');
  await ask('PUT', '/api/devices/imei:490154203237518/settings/apn', { value: 'of-the-network' });
  await device.hears('setting');
  device.send(device.side.settingReported('apn', 'of-the-network'));
  await device.barrier();
  device.end();
  const audit = await ask('GET', '/api/audit');
  child.kill('SIGTERM');
  await once(child, 'exit');

  const others = [
    'with-a-wrong-role',
    'in-broken-json',
    'short-1',
    'guessed-wrongly',
    'typed-into-the-name',
    'm2mp_not-a-right-one',
    'in-the-query',
    'in-the-path',
    'of-the-network',
    '$argon2id',
  ];
  expect([token, session].map((secret) => secret.length > 40)).toEqual([true, true]);
  for (const secret of [...Object.values(secrets), token, session, ...others]) expect(log).not.toContain(secret);
  for (const secret of [...Object.values(secrets), token, session]) expect(audit.told).not.toContain(secret);
  // It is the log of this run.
  expect(log).toContain('a login failed');
  expect(log).toMatch(/"request":"[0-9a-f-]{36}","method":"POST","route":"\/api\/login","status":401/);
}, 60_000);
