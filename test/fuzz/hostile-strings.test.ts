import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { createDevice } from '../../protocols/m2mp/device.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import { environment } from '../cli/program.js';
import { PROGRAM } from '../durability/gateway-process.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';

const HOSTILE = [
  '../../../etc/passwd',
  '/',
  '//',
  '..',
  '.',
  '%2e%2e%2f',
  '\u0000',
  'a\u0000b',
  'a\nb',
  'a\r\nb',
  '\u001b[2J\u001b]0;x\u0007',
  '\u202egnp.exe',
  '\ufeff',
  '\uffff',
  '😀'.repeat(60),
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  "'; DROP TABLE readings; --",
  '<script>alert(1)</script>',
  '{{7*7}}',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is meant as it stands
  '${7*7}',
  '$(reboot)',
  '`reboot`',
  '%s%n%x',
  '=1+1',
  '{"a":1}',
  '[]',
  'null',
  'undefined',
  'true',
  'NaN',
  ' ',
  ' leading',
  'trailing ',
  '\t',
  '"',
  '\\',
  "'",
  ',',
  ';',
  '|',
  'x'.repeat(254),
  'é'.repeat(127),
  '\\u0000',
  '\u2028',
  '\u2029',
  '\ud7ff',
  'ＡＤＭＩＮ',
  'a=b',
  '=',
  'a=b=c',
  '#',
  '?x=1',
  '&',
  '*',
  '?',
];

let folder: string;
let url: string;
let token: string;
const ports = new Map<string, number>();
const log: string[] = [];
let stop: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2mp-hostile-'));
  const args = ['serve', '--data', folder, '--host', '127.0.0.1', '--log-format', 'json', '--log-level', 'trace'];
  const off = ['--m2mp-port', '0', '--alip-port', '0', '--http-port', '0', '--debug', '--provision-limit', '0'];
  const child = spawn(process.execPath, [PROGRAM, ...args, ...off], {
    env: environment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stderr.on('data', (text: Buffer) => log.push(text.toString()));
  const ready = await new Promise<Record<string, string>>((resolve) => {
    createInterface({ input: child.stdout, crlfDelay: 0 }).on('line', (line) => {
      log.push(line);
      if (line.includes('is ready')) resolve(JSON.parse(line));
    });
  });
  for (const name of ['m2mp', 'alip']) ports.set(name, Number(ready[name]?.split(':').at(-1)));
  url = ready['http'] ?? '';
  const { readFile } = await import('node:fs/promises');
  token = (await readFile(join(folder, 'admin.token'), 'utf8')).trim();
  stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
});
afterAll(async () => {
  await stop();
  await rm(folder, { recursive: true });
});

async function ask(path: string): Promise<any> {
  const response = await fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  return { status: response.status, body: await response.json() };
}

/** What stands at the root of the registry by itself, once a device was connected. */
const OWN = ['device', 'domain', 'gateway', 'presence'];

it('names and values of devices are stored as they are, and reach nothing but their own place', async () => {
  const before = (await ask('/api/registry?path=/')).body.children;
  const ident = 'imei:490154203237518';
  const side = createDevice();
  const device = await DeviceOnASocket.identified(m2mp, ports.get('m2mp')!, ident);
  for (const text of HOSTILE) {
    device.send(
      side.array('_set', [Buffer.from('g'), Buffer.from(`${text}=${text}`)]),
      side.array('_sta', [Buffer.from('g'), Buffer.from(`${text}=${text}`)]),
      side.array('_cmd', [Buffer.from('a'), Buffer.from(text), Buffer.from(text)]),
      side.data(`sen:${text.slice(0, 100)}`, Buffer.from(text)),
      side.data(`lsen:${text.slice(0, 100)}`, Buffer.from(text)),
      side.data(text.length > 0 ? text : 'x', Buffer.from(text)),
    );
  }
  device.send(side.barrier(9));
  while ((await device.hears('barrier', 20_000)).n !== 9);
  const { body } = await ask(`/api/devices/${ident}/readings?limit=1000`);
  const stored = new Set(body.readings.map(({ data }: { data: unknown }) => data));
  for (const text of HOSTILE) expect(stored, JSON.stringify(text)).toContain(text);
  for (const path of ['settings', 'status', 'listed-sensors', 'commands', 'latest'])
    expect((await ask(`/api/devices/${ident}/${path}`)).status, path).toBe(200);
  expect((await ask('/api/registry?path=/')).body.children).toEqual(
    before
      .concat(OWN)
      .filter((name: string, at: number, all: string[]) => all.indexOf(name) === at)
      .sort(),
  );
  expect((await ask('/api/registry?path=/device/')).body.children).toHaveLength(2);
  device.end();
});

it('idents that are hostile make devices of their own, or none, and never a path of another', async () => {
  for (const text of HOSTILE) {
    const device = await DeviceOnASocket.connect(m2mp, ports.get('m2mp')!);
    device.send(device.side.identify(text));
    const { accepted } = await device.hears('identified');
    if (accepted) {
      device.send(device.side.reading('sen:temp', '1', null));
      await device.barrier();
      expect((await ask(`/api/devices/${encodeURIComponent(text)}`)).body, JSON.stringify(text)).toMatchObject({
        ident: text,
      });
    }
    device.end();
  }
  const { body } = await ask('/api/registry?path=/');
  expect(body.children).toEqual(OWN);
});

it('lines of ALIP take them too', async () => {
  const device = await DeviceOnASocket.identified(alip, ports.get('alip')!, 'imei:490154203237526');
  for (const text of HOSTILE.filter((one) => !/[\r\n]/.test(one)))
    for (const line of [
      `D ${text} ${text}`,
      `D LS:${text} ${text}`,
      `S S ${text} ${text}`,
      `F N ${text}`,
      `DB ${text}`,
      `ID ${text}`,
      `C A ${text}`,
      `J 1700000000 x ${text}`,
      text,
    ])
      device.send(`${line}\n`);
  await device.barrier();
  device.end();
});

it('every line of the log is one JSON object, without control characters', () => {
  expect(log.length).toBeGreaterThan(10);
  for (const line of log) {
    expect(() => JSON.parse(line), line.slice(0, 200)).not.toThrow();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(line).not.toMatch(/[\u0000-\u001f\u007f]/);
    expect(line).not.toContain(token);
  }
});
