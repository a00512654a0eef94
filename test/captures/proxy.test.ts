import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { replaySession } from '../../src/sessions/replay.js';
import { readSession } from '../../src/sessions/session-parser.js';
import { environment, m2mp } from '../cli/program.js';
import { PROGRAM } from '../durability/gateway-process.js';
import { startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;
/** Nothing in their answers depends on when or from where they come, or on what the server was given. */
const SESSIONS = [
  'm2mp/location.session',
  'm2mp/fragments-of-a-byte.session',
  'alip/readings-own-types.session',
  'alip/quit.session',
];

it('what passes `m2mp capture` is passed on as it is, and written as sessions that replay the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'm2mp-capture-'));
  for (const name of SESSIONS) {
    const session = await readSession(FIXTURES + name);
    const gateway = await startGatewayUnderTest();
    const to = `127.0.0.1:${gateway.port(session.protocol)}`;
    const args = [PROGRAM, 'capture', '--listen', '0', '--host', '127.0.0.1', '--to', to, join(folder, name)];
    const proxy = spawn(process.execPath, args, { env: environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    const [line] = await once(createInterface(proxy.stderr), 'line');
    const port = Number(/:(\d+),/.exec(line)?.[1]);
    const target = { host: '127.0.0.1', port, speed: 10, answerTimeout: 2_000 };
    expect(await replaySession(session, target), name).toBeNull();
    await once(createInterface(proxy.stdout), 'line');
    proxy.kill();
    await gateway.remove();

    const [file, ...others] = await readdir(join(folder, name));
    expect(others).toEqual([]);
    const captured = await readSession(join(folder, name, file!));
    expect(captured.protocol).toBe(session.protocol);
    const fresh = await startGatewayUnderTest();
    const again = { ...target, port: fresh.port(session.protocol), speed: Number.POSITIVE_INFINITY };
    expect(await replaySession(captured, again), name).toBeNull();
    await fresh.remove();
  }
  await rm(folder, { recursive: true });
}, 60_000);

it('datagrams that pass `m2mp capture --udp` are written as sessions that replay the same', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'm2mp-capture-'));
  for (const name of ['teltonika/datagrams.session', 'h02/datagrams.session']) {
    const session = await readSession(FIXTURES + name);
    const gateway = await startGatewayUnderTest();
    const to = `127.0.0.1:${gateway.port(session.protocol)}`;
    const args = ['capture', '--udp', '--listen', '0', '--host', '127.0.0.1', '--to', to, join(folder, name)];
    const proxy = spawn(process.execPath, [PROGRAM, ...args], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [line] = await once(createInterface(proxy.stderr), 'line');
    const target = { host: '127.0.0.1', port: Number(/:(\d+),/.exec(line)?.[1]), speed: 10, answerTimeout: 2_000 };
    expect(await replaySession(session, target), name).toBeNull();
    const captured = async () => readSession(join(folder, name, (await readdir(join(folder, name)))[0]!));
    await expect.poll(async () => (await captured()).events.length).toBe(session.events.length);
    proxy.kill();
    const { protocol, transport } = await captured();
    expect({ protocol, transport }).toEqual({ protocol: session.protocol, transport: 'udp' });
    const again = { ...target, port: gateway.port(session.protocol) };
    // The answers of H02 tell the time.
    if (session.protocol === 'teltonika') expect(await replaySession(await captured(), again)).toBeNull();
    await gateway.remove();
  }
  await rm(folder, { recursive: true });
}, 60_000);

it('`m2mp replay` takes a capture, and `m2mp decode` explains one', async () => {
  const capture = `${FIXTURES}captures/five-devices.pcap`;
  const { out, code } = await m2mp(['decode', capture]);
  expect(code).toBe(0);
  expect(out).toContain('identification as "imei:350000000000017"');
  expect(out).toContain('answer to ping 1: all before it is durable');
  const gateway = await startGatewayUnderTest({}, { protocols });
  const only = join(FIXTURES, 'm2mp/barrier.session');
  const replayed = await m2mp([
    'replay',
    only,
    '--to',
    `127.0.0.1:${gateway.port('m2mp')}`,
    '--speed',
    'max',
    '--json',
  ]);
  expect(JSON.parse(replayed.out)).toMatchObject({ same: true });
  await gateway.remove();
});

it.each([
  [['decode', '0201'], 0, 'ping 1'],
  [['decode', '02 01'], 0, 'ping 1'],
  [['decode', '--from', 'server', '--protocol', 'm2mp', '0101'], 0, 'identification accepted'],
  [['decode', 'zz'], 2, 'zz'],
  [['decode', '--protocol', 'smoke', '0201'], 2, 'm2mp, alip'],
  [['capture', '--listen', 'x', '--to', '127.0.0.1:1', '/tmp/x'], 2, '65535'],
  [['capture', '--listen', '0', '/tmp/x'], 2, '--to'],
])('%j ends with %d and says %s', async (args, code, what) => {
  const run = await m2mp(args);
  expect({ code: run.code, said: run.out + run.err }).toEqual({ code, said: expect.stringContaining(what) });
});
