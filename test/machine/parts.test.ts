/** The program as it runs: HTTP in a thread of its own, devices served by one process or by several. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import type { Protocol } from '../../protocols/protocol.js';
import { type GatewayProcess, startGatewayProcess } from '../durability/gateway-process.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { until } from '../until.js';

let data: string;
let running: GatewayProcess;

async function start(...flags: string[]): Promise<void> {
  running = await startGatewayProcess(data, flags);
}

async function startAnew(...flags: string[]): Promise<void> {
  data = await mkdtemp(join(tmpdir(), 'm2mp-parts-'));
  await start(...flags);
}

async function remove(): Promise<void> {
  await running.end('SIGKILL');
  await rm(data, { recursive: true, force: true });
}

const m2mp = protocols.find(({ name }) => name === 'm2mp') as Protocol;
const identOf = (n: number) => `imei:${String(n).padStart(15, '0')}`;
const device = (n: number) => DeviceOnASocket.identified(m2mp, running.ports.get('m2mp') ?? 0, identOf(n));

interface Readings {
  readonly readings: readonly { readonly data: unknown }[];
}

interface Settings {
  readonly settings: readonly { readonly name: string; readonly pending: string | null }[];
}

interface Commands {
  readonly commands: readonly { readonly state: string }[];
}

function readings(n: number): Promise<Readings> {
  return running.api('GET', `/api/devices/${encodeURIComponent(identOf(n))}/readings?limit=1000`);
}

/** Processes below the gateway's. */
function workers(): number[] {
  const { pid } = running.process;
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

describe.each([1, 2])('with %i workers', (count) => {
  beforeAll(() => startAnew('--workers', String(count)), 60_000);
  afterAll(remove);

  it('what was acknowledged is read at once over HTTP, from each of many devices', async () => {
    expect(workers()).toHaveLength(count === 1 ? 0 : count);
    await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        const one = await device(n);
        for (let barrier = 1; barrier <= 5; barrier++) {
          one.send(one.side.reading('sen:step', `${n}.${barrier}`, null));
          await one.barrier(barrier);
          const stored = JSON.stringify((await readings(n)).readings);
          expect(stored).toContain(`${n}.${barrier}`);
        }
        one.end();
      }),
    );
  }, 60_000);

  it('settings and commands posted over HTTP reach the device, and its answers are seen there', async () => {
    const held = await Promise.all(Array.from({ length: 4 }, (_, n) => device(100 + n)));
    for (const [n, one] of held.entries()) {
      const at = `/api/devices/${encodeURIComponent(identOf(100 + n))}`;
      await running.api('PUT', `${at}/settings/interval`, { value: String(n) });
      expect(await one.hears('setting', 20_000)).toMatchObject({ name: 'interval', value: String(n) });
      one.send(one.side.settingReported('interval', String(n)));
      await one.barrier(1);
      const { settings } = await running.api<Settings>('GET', `${at}/settings`);
      expect(settings).toMatchObject([{ name: 'interval', pending: null, acknowledged: expect.any(String) }]);
      await running.api('POST', `${at}/commands`, { text: `stop ${n}` });
      const command = await one.hears('command', 20_000);
      expect(command.text).toBe(`stop ${n}`);
      one.send(one.side.commandDone(command.id, 'stopped'));
      await one.barrier(2);
      const { commands } = await running.api<Commands>('GET', `${at}/commands`);
      expect(commands).toMatchObject([{ state: 'done', response: 'stopped' }]);
    }
  }, 60_000);

  it('changes of one device from both sides at once lose none of each other', async () => {
    const one = await device(200);
    const at = `/api/devices/${encodeURIComponent(identOf(200))}`;
    await Promise.all([
      ...Array.from({ length: 20 }, (_, n) => running.api('PUT', `${at}/settings/s${n}`, { value: 'set' })),
      (async () => {
        for (let n = 0; n < 20; n++) {
          one.send(one.side.settingReported(`reported${n}`, 'r'));
          await one.barrier(n + 1);
        }
      })(),
    ]);
    const { settings } = await running.api<Settings>('GET', `${at}/settings`);
    const names = new Set(settings.map(({ name }) => name));
    for (let n = 0; n < 20; n++) expect(names).toContain(`s${n}`);
    for (let n = 0; n < 20; n++) expect(names).toContain(`reported${n}`);
  }, 60_000);

  it('ends in order when told to, with all that it acknowledged', async () => {
    const one = await device(7);
    one.send(one.side.reading('sen:kept', '77', null));
    await one.barrier(1);
    expect(await running.end('SIGTERM')).toBe(0);
    await start();
    expect(JSON.stringify((await readings(7)).readings)).toContain('sen:kept');
  }, 60_000);
});

describe('of two workers', () => {
  beforeAll(() => startAnew('--workers', '2'), 60_000);
  afterAll(remove);

  it('the metrics and the connections are those of all workers', async () => {
    const held = await Promise.all(Array.from({ length: 6 }, (_, n) => device(n)));
    const response = await fetch(`${running.url}/metrics`, { headers: { authorization: `Bearer ${running.token}` } });
    const metrics = await response.text();
    expect(metrics).toMatch(/^m2mp_connections\{protocol="m2mp"\} 6$/m);
    expect(metrics).toMatch(/^m2mp_store_used_bytes [1-9]\d+$/m);
    const { connections } = await running.api<{ connections: { gateway: string }[] }>('GET', '/api/connections');
    expect(connections).toHaveLength(6);
    expect(new Set(connections.map(({ gateway }) => gateway)).size).toBe(2);
    for (const one of held) one.end();
  }, 60_000);

  it('a worker that is killed is started again, and the others go on', async () => {
    const held = await Promise.all(Array.from({ length: 8 }, (_, n) => device(n)));
    const [killed = 0] = workers();
    process.kill(killed, 'SIGKILL');
    await until('its connections are closed', () => held.some(({ closed }) => closed), 20_000);
    const goneOn = await Promise.allSettled(held.map((one) => one.barrier(1)));
    const open = held.filter(({ closed }) => !closed);
    expect(open.length).toBeGreaterThan(0);
    expect(goneOn.filter(({ status }) => status === 'fulfilled')).toHaveLength(open.length);
    const isReplaced = () => workers().length === 2 && !workers().includes(killed);
    await until('there are two workers again', isReplaced, 20_000);
    const again = await Promise.all(Array.from({ length: 8 }, (_, n) => device(n)));
    await Promise.all(again.map((one) => one.barrier(1)));
  }, 60_000);
});
