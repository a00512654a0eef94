import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { PersistentDevice, TYPE } from './persistent-device.js';
import { randomFrom } from './random.js';

const CYCLES = Number(process.env['M2MP_KILL_CYCLES'] ?? 20);
const DEVICES_A_PROTOCOL = 4;
/** Milliseconds under load before the kill, at least and at most. */
const LOAD = [30, 250] as const;

it(`keeps all that was acknowledged, once, through ${CYCLES} kill -9 under load`, async () => {
  const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
  const random = randomFrom(seed);
  const reproduction = `M2MP_SEED=${seed} M2MP_KILL_CYCLES=${CYCLES} npx vitest run test/durability/kill.test.ts`;
  const data = await mkdtemp(join(tmpdir(), 'm2mp-kill-'));
  const devices = protocols.flatMap((protocol) =>
    Array.from(
      { length: DEVICES_A_PROTOCOL },
      (_, i) => new PersistentDevice(protocol, `imei:${protocol.name}000${i}`),
    ),
  );
  for (let cycle = 0; cycle < CYCLES; cycle++) {
    const gateway = await startGatewayProcess(data, ['--log-level', 'info']);
    const runs = devices.map((device) => device.run(gateway.ports.get(device.protocol.name) ?? 0));
    const orders = orderAbout(gateway, devices, cycle);
    await new Promise((resolve) => setTimeout(resolve, LOAD[0] + random() * (LOAD[1] - LOAD[0])));
    await gateway.end('SIGKILL');
    await Promise.all([...runs, orders]);
  }
  const gateway = await startGatewayProcess(data);
  try {
    for (const device of devices) await expectKept(gateway, device, reproduction);
    const acknowledged = devices.reduce((sum, device) => sum + device.acknowledged, 0);
    const settings = devices.reduce((sum, device) => sum + device.settings.size, 0);
    const commands = devices.reduce((sum, device) => sum + device.commands.size, 0);
    process.stdout.write(
      `${CYCLES} kills: ${acknowledged} readings, ${settings} settings, ${commands} commands acknowledged, 0 lost\n`,
    );
    expect(acknowledged).toBeGreaterThan(0);
    expect(settings).toBeGreaterThan(0);
    expect(commands).toBeGreaterThan(0);
  } finally {
    await gateway.end('SIGTERM');
    await rm(data, { recursive: true });
  }
}, 600_000);

/** Orders a setting and a command for each device; those that the kill interrupts were not promised. */
async function orderAbout(gateway: GatewayProcess, devices: PersistentDevice[], cycle: number): Promise<void> {
  for (const device of devices) {
    try {
      await gateway.api('PUT', `/api/devices/${device.ident}/settings/s${cycle}`, { value: `${cycle}` });
      await gateway.api('POST', `/api/devices/${device.ident}/commands`, { text: `c${cycle}` });
    } catch {
      // Not known yet, or the gateway is gone.
    }
  }
}

async function expectKept(gateway: GatewayProcess, device: PersistentDevice, reproduction: string): Promise<void> {
  const stored: { time: string; data: unknown }[] = [];
  let cursor = '';
  do {
    const page = await gateway.api<{ readings: { time: string; data: unknown }[]; next: string | null }>(
      'GET',
      `/api/devices/${device.ident}/readings?type=${TYPE}&order=asc&limit=1000${cursor}`,
    );
    stored.push(...page.readings);
    cursor = page.next === null ? '' : `&cursor=${encodeURIComponent(page.next)}`;
  } while (cursor);
  const numbers = stored.map(({ time, data }) => {
    const n = (Date.parse(time) - PersistentDevice.date(0)) / 1_000;
    expect(data, `altered; again by: ${reproduction}`).toBe(PersistentDevice.value(n));
    return n;
  });
  expect(new Set(numbers).size, `doubled; again by: ${reproduction}`).toBe(numbers.length);
  const kept = new Set(numbers);
  const lost = Array.from({ length: device.acknowledged }, (_, n) => n).filter((n) => !kept.has(n));
  expect(lost, `acknowledged and lost; again by: ${reproduction}`).toEqual([]);
  expect(Math.max(-1, ...numbers), `never sent; again by: ${reproduction}`).toBeLessThan(device.sent);

  const { settings } = await gateway.api<{ settings: { name: string; value: string; pending: string | null }[] }>(
    'GET',
    `/api/devices/${device.ident}/settings`,
  );
  for (const [name, value] of device.settings)
    expect(settings, `again by: ${reproduction}`).toContainEqual(
      expect.objectContaining({ name, value, pending: null }),
    );
  const { commands } = await gateway.api<{ commands: { text: string; state: string; response: string | null }[] }>(
    'GET',
    `/api/devices/${device.ident}/commands?limit=1000`,
  );
  for (const [text, response] of device.commands)
    expect(commands, `again by: ${reproduction}`).toContainEqual(
      expect.objectContaining({ text, state: 'done', response }),
    );
}
