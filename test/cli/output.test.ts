import { execFile, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { m2mp as protocol } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { environment, m2mp, PROGRAM, type Run } from './program.js';

const IDENT = 'imei:490154203237518';

let gateway: GatewayUnderTest;
let env: Record<string, string>;
let device: DeviceOnASocket;
const run = (...args: string[]): Promise<Run> => m2mp(args, { env });

beforeAll(async () => {
  gateway = await startGatewayUnderTest();
  env = { M2MP_URL: gateway.url, M2MP_TOKEN: gateway.token };
  device = await DeviceOnASocket.identified(protocol, gateway.port('m2mp'), IDENT);
});
afterAll(async () => {
  device.end();
  await gateway.remove();
});

it('a table has aligned columns under their headings, and --json a line for each row', async () => {
  await gateway.api('PUT', `/api/devices/${IDENT}/settings/interval`, { value: '60' });
  await gateway.api('PUT', `/api/devices/${IDENT}/settings/apn`, { value: 'internet' });
  expect((await run('settings', IDENT)).out).toBe(
    [
      'NAME      VALUE     STATE',
      'apn       internet  waits for the device',
      'interval  60        waits for the device',
      '',
    ].join('\n'),
  );
  expect((await run('settings', IDENT, '--json')).out).toBe(
    [
      '{"name":"apn","value":"internet","pending":"internet","acknowledged":null}',
      '{"name":"interval","value":"60","pending":"60","acknowledged":null}',
      '',
    ].join('\n'),
  );
});

it('one device is shown as fields and their values, or as JSON', async () => {
  expect((await run('devices', 'show', IDENT)).out).toMatch(/^FIELD +VALUE\nid +[0-9a-f-]{36}\nident +imei:\d+\n/);
  expect(JSON.parse((await run('devices', 'show', IDENT, '--json')).out)).toMatchObject({ ident: IDENT });
});

it('nothing is said on standard error where there is nothing, and standard output stays empty', async () => {
  expect(await run('readings', IDENT, '--type', 'none')).toEqual({ code: 0, out: '', err: 'no readings\n' });
  expect(await run('firmware')).toEqual({ code: 0, out: '', err: 'no firmware\n' });
  expect(await run('firmware', '--json')).toEqual({ code: 0, out: '', err: '' });
});

it('text that a device sent cannot steer the terminal', async () => {
  const hostile = '\u001b[2J\u009b31m\u202edrow\nnext';
  device.send(device.side.settingReported('name', hostile), device.side.reading('sen:text', hostile, null));
  await device.barrier();
  const shown = [await run('settings', IDENT), await run('settings', IDENT, '--json')];
  shown.push(await run('readings', IDENT, '--type', 'sen:text'));
  shown.push(await run('readings', IDENT, '--type', 'sen:text', '--format', 'ndjson'));
  for (const { out } of shown) {
    expect(out).toContain('drow');
    expect(out).not.toMatch(/[^\P{C}\n]/u);
  }
  expect(JSON.parse(shown[3]?.out ?? '').data).toBe(hostile);
});

it('the registry works as folders and files', async () => {
  expect(await run('registry', 'set', '/notes/van/owner', 'workshop')).toEqual({ code: 0, out: '', err: '' });
  expect((await run('registry', 'ls', '/notes')).out).toBe('van/\n');
  expect((await run('registry', 'ls', '/notes/van/')).out).toBe('owner\n');
  expect((await run('registry', 'cat', '/notes/van/owner')).out).toBe('workshop\n');
  expect((await run('registry', 'cat', '/notes/van/')).out).toBe('owner: workshop\n');
  expect((await run('registry', 'cat', '/notes/van/', '--json')).out).toBe('{"owner":"workshop"}\n');
  await run('registry', 'rm', '/notes/van/owner');
  expect(await run('registry', 'cat', '/notes/van/owner')).toMatchObject({
    code: 1,
    err: expect.stringContaining('/notes/van/ has no value owner'),
  });
  await run('registry', 'rm', '/notes/', '--for-real');
  expect(await run('registry', 'ls', '/notes')).toMatchObject({ code: 1, err: expect.stringContaining('/notes/') });
});

it.each([
  [['devices', 'shwo', IDENT], 2, '"m2mp devices shwo" is unknown; after devices it takes list, search, show'],
  [['waiting', 'dismis', IDENT], 2, 'list, admit, dismiss'],
  [['settings', IDENT, 'set', 'interval'], 2, 'set NAME VALUE'],
  [['settings', IDENT, 'set', 'a b', '1'], 1, 'a b'],
  [['settings', IDENT, 'frob'], 2, 'list, set, remove'],
  [['commands', IDENT, 'cancel', 'nothing'], 1, 'nothing'],
  [['connections', 'close', '999999'], 1, '999999'],
  [['registry', 'set', 'notes/owner', 'x'], 2, 'notes/owner'],
  [['registry', 'set', '/notes/', 'x'], 2, '/notes/'],
  [['registry', 'rm', '/'], 1, 'root'],
  [['readings', IDENT, '--follow', '--order', 'asc'], 2, '--order'],
  [['readings', IDENT, '--format', 'xml'], 2, 'table, ndjson, csv'],
  [['firmware', 'add', 'v1', tmpdir()], 1, 'not a file'],
  [['devices', '--token-file', '/nothing/there'], 1, '/nothing/there'],
])('%j ends with %d and says %s', async (args, code, what) => {
  const { code: ended, out, err } = await run(...args);
  expect({ code: ended, out, err }).toEqual({ code, out: '', err: expect.stringContaining(what) });
});

it('--follow shows the last readings, then those that come, until the gateway stops', async () => {
  device.send(device.side.reading('sen:temp', 'before', null));
  await device.barrier();
  const args = ['readings', IDENT, '--type', 'sen:temp', '--follow', '--format', 'ndjson'];
  const child = spawn(process.execPath, [PROGRAM, ...args], { cwd: tmpdir(), env: environment(env) });
  try {
    child.stdout.setEncoding('utf8');
    const lines = child.stdout[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value).data;
    expect(await next()).toBe('before');
    device.send(device.side.reading('sen:temp', 'after', null));
    expect(await next()).toBe('after');
  } finally {
    child.kill();
  }
});

it('whoever reads only the first lines ends it without an error', async () => {
  const readings = Array.from({ length: 1_000 }, (_, n) => ({ type: 'sen:many', data: 'x'.repeat(200) + n }));
  await gateway.api('POST', `/api/devices/${IDENT}/readings`, { readings });
  const line = `"${process.execPath}" "${PROGRAM}" readings ${IDENT} --limit 1000 --format csv | head -n 1`;
  const { stdout, stderr } = await promisify(execFile)('bash', ['-o', 'pipefail', '-c', line], {
    env: environment(env),
  });
  expect({ stdout, stderr }).toEqual({ stdout: 'time,type,data,id\n', stderr: '' });
});
