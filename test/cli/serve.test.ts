import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { environment, m2mp, PROGRAM } from './program.js';

let data: string;
let child: ChildProcess | null = null;

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'm2mp-serve-'));
});
afterEach(async () => {
  child?.kill('SIGKILL');
  child = null;
  await rm(data, { recursive: true, force: true });
});

const ports = ['--m2mp-port', '0', '--alip-port', '0', '--http-port', '0', '--host', '127.0.0.1'];

/** Starts `m2mp serve`; resolves to all that it printed until it said what to try. */
async function served(...args: string[]): Promise<string> {
  child = spawn(process.execPath, [PROGRAM, 'serve', '--data', data, '--log-format', 'json', ...args], {
    cwd: tmpdir(),
    env: environment(),
  });
  let out = '';
  child.stdout?.setEncoding('utf8');
  for await (const text of child.stdout ?? []) {
    out += text;
    if (/"try .*\n/.test(out)) return out;
  }
  throw new Error(`ended before it said what to try: ${out}`);
}

it('the start says what it listens on, where the data and the token are, and what to try, and that works', async () => {
  const out = await served(...ports);
  const [, http] = /(http:\/\/127\.0\.0\.1:\d+)\/api\/openapi.json/.exec(out) ?? [];
  expect(out).toMatch(/"M2MP +127\.0\.0\.1:\d+"/);
  expect(out).toMatch(/"ALIP +127\.0\.0\.1:\d+"/);
  expect(out).toContain(`"data   ${data}"`);
  expect(out).toContain(`"token  ${join(data, 'admin.token')}"`);
  const [, line = ''] = /"try +npx m2mp ([^"]+)"/.exec(out) ?? [];
  const tried = await m2mp([...line.split(' '), '--duration', '1500ms', '--rate', '10']);
  expect(tried).toMatchObject({ code: 0, out: expect.stringMatching(/[1-9]\d* acknowledged of/) });
  const devices = await m2mp(['devices', '--url', http ?? '', '--token-file', join(data, 'admin.token')]);
  expect(devices).toMatchObject({ code: 0, out: expect.stringContaining('imei:490154203237518') });
}, 30_000);

it('the token is for its owner alone, and is the same after another start', async () => {
  await served(...ports);
  const file = join(data, 'admin.token');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const token = await readFile(file, 'utf8');
  child?.kill('SIGTERM');
  if (child) expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await served(...ports)).not.toContain(token.trim());
  expect(await readFile(file, 'utf8')).toBe(token);
}, 30_000);

it('a port or a directory that another one has stops the start with its name', async () => {
  const out = await served(...ports);
  const [, port] = /"M2MP +127\.0\.0\.1:(\d+)"/.exec(out) ?? [];
  const same = await m2mp(['serve', '--data', data, ...ports]);
  expect(same).toMatchObject({ code: 1, err: expect.stringContaining(data) });
  const other = ['--data', join(data, 'other'), '--m2mp-port', port ?? '', '--alip-port', '0', '--http-port', '0'];
  const taken = await m2mp(['serve', '--host', '127.0.0.1', ...other]);
  expect(taken).toMatchObject({ code: 1, err: expect.stringContaining(port ?? '') });
  expect(taken.err).not.toMatch(/\n\s+at /);
}, 30_000);

it('a configuration that is wrong stops the start with the name, the value and what is taken', async () => {
  const wrong = await m2mp(['serve', '--data', data, '--period', 'week']);
  expect(wrong.code).toBe(2);
  for (const part of ['period', 'week', 'month']) expect(wrong.err).toContain(part);
  const unknown = await m2mp(['serve', '--data', data], { env: { M2MP_HTTP_PROT: '1' } });
  expect(unknown).toMatchObject({ code: 2, err: expect.stringContaining('M2MP_HTTP_PROT') });
});

it('the configuration in force is printed, flags before variables', async () => {
  const { code, out } = await m2mp(['serve', '--print-config', '--m2mp-port', '4010'], {
    env: { M2MP_M2MP_PORT: '4000', M2MP_ALIP_PORT: '4050' },
  });
  expect(code).toBe(0);
  expect(out).toMatch(/^m2mp-port: 4010$/m);
  expect(out).toMatch(/^alip-port: 4050$/m);
});
