import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Protocol } from '../../protocols/protocol.js';
import { completeProtocols, newIdent, trackerProtocols } from '../protocols/complete.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { PersistentDevice } from './persistent-device.js';
import { randomFrom } from './random.js';
import { wrongReadings } from './wrong-readings.js';

const CYCLES = Number(process.env['M2MP_KILL_CYCLES'] ?? 100);
const DEVICES_A_PROTOCOL = 4;
const TRACKERS_A_PROTOCOL = 2;
/** Milliseconds under load before the kill, at least and at most. */
const LOAD = [30, 250] as const;
/** Milliseconds that the first acknowledgement may take before the load counts nevertheless. */
const FIRST_WITHIN = 5_000;
/** Of so many kills one comes when all orders are given. */
const ORDERED_EVERY = 3;

it(`keeps all that was acknowledged, once, through ${CYCLES} kill -9 under load`, async () => {
  const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
  const { acknowledged, settings, commands, wrong } = await killUnderLoad(CYCLES, seed, {});
  process.stdout.write(
    `${CYCLES} kills: ${acknowledged} readings, ${settings} settings, ${commands} commands acknowledged, ${wrong.length} wrong\n`,
  );
  const again = `M2MP_SEED=${seed} M2MP_KILL_CYCLES=${CYCLES} npx vitest run test/durability/kill.test.ts`;
  expect(wrong, `again by: ${again}`).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
  expect(settings).toBeGreaterThan(0);
  expect(commands).toBeGreaterThan(0);
}, 1_800_000);

it('a gateway that answers before it has stored is caught', async () => {
  const early = new URL('early-answers.mjs', import.meta.url).href;
  const { acknowledged, wrong } = await killUnderLoad(5, 1, { NODE_OPTIONS: `--import=${early}` });
  expect(acknowledged).toBeGreaterThan(0);
  expect(wrong.join('\n')).toContain('lost');
}, 600_000);

/** Kills a gateway under load so many times, and says what of that which was acknowledged is not as it was. */
async function killUnderLoad(cycles: number, seed: number, variables: Readonly<Record<string, string>>) {
  const random = randomFrom(seed);
  const data = await mkdtemp(join(tmpdir(), 'm2mp-kill-'));
  const several = (length: number) => (protocol: Protocol) =>
    Array.from({ length }, () => new PersistentDevice(protocol, newIdent(protocol)));
  const devices = [
    ...completeProtocols.flatMap(several(DEVICES_A_PROTOCOL)),
    ...trackerProtocols.flatMap(several(TRACKERS_A_PROTOCOL)),
  ];
  for (let cycle = 0; cycle < cycles; cycle++) {
    const gateway = await startGatewayProcess(data, ['--log-level', 'info'], [], variables);
    const runs = devices.map((device) => device.run(gateway.ports.get(device.protocol.name) ?? 0));
    const orders = orderAbout(gateway, devices, cycle);
    await somethingAcknowledged(devices);
    // Some kills come only once there is something to acknowledge, on a busy machine too.
    if (cycle % ORDERED_EVERY === 0) await Promise.race([orders, after(FIRST_WITHIN)]);
    await after(LOAD[0] + random() * (LOAD[1] - LOAD[0]));
    await gateway.end('SIGKILL');
    await Promise.all([...runs, orders]);
  }
  const gateway = await startGatewayProcess(data);
  const wrong: string[] = [];
  try {
    for (const device of devices) wrong.push(...(await whatIsWrong(gateway, device)));
  } finally {
    await gateway.end('SIGTERM');
    await rm(data, { recursive: true });
  }
  const sum = (count: (device: PersistentDevice) => number) => devices.reduce((total, one) => total + count(one), 0);
  return {
    acknowledged: sum((device) => device.acknowledged),
    settings: sum((device) => device.settings.size),
    commands: sum((device) => device.commands.size),
    wrong,
  };
}

/** On a busy machine it takes a while until devices are served at all; not for ever, as that may be killed too. */
async function somethingAcknowledged(devices: readonly PersistentDevice[]): Promise<void> {
  const acknowledged = () => devices.reduce((sum, device) => sum + device.acknowledged, 0);
  const before = acknowledged();
  const started = Date.now();
  while (acknowledged() === before && Date.now() - started < FIRST_WITHIN) await after(5);
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Orders a setting and a command for each device; those that the kill interrupts were not promised. */
async function orderAbout(gateway: GatewayProcess, devices: PersistentDevice[], cycle: number): Promise<void> {
  await Promise.all(
    devices.map(async ({ ident, protocol }) => {
      const setting = settingOf(protocol, cycle);
      try {
        if (setting !== null)
          await gateway.api('PUT', `/api/devices/${ident}/settings/${setting}`, { value: `${cycle}` });
        await gateway.api('POST', `/api/devices/${ident}/commands`, { text: `c${cycle}` });
      } catch {
        // Not known yet, or the gateway is gone.
      }
    }),
  );
}

/** A setting for each cycle, where the protocol has one more; a parameter of JT/T 808 has a number. */
function settingOf({ name, lacks }: Protocol, cycle: number): string | null {
  if (!lacks.includes('settings')) return `s${cycle}`;
  return name === 'jt808' && cycle < 200 ? `param:${(cycle + 1).toString(16).padStart(4, '0')}` : null;
}

async function whatIsWrong(gateway: GatewayProcess, device: PersistentDevice): Promise<string[]> {
  const { ident } = device;
  const wrong = await wrongReadings(gateway, device);

  // A device that is not known at all has lost what it had.
  const asked = <T>(what: string) => gateway.api<T>('GET', `/api/devices/${ident}/${what}`);
  const { settings } = await asked<{ settings: { name: string; value: string; pending: string | null }[] }>('settings');
  for (const [name, value] of device.settings)
    if (!settings.some((one) => one.name === name && one.value === value && one.pending === null))
      wrong.push(`${ident}: setting ${name}=${value} is lost`);
  const { commands } = await asked<{ commands: { text: string; state: string; response: string | null }[] }>(
    'commands?limit=1000',
  );
  for (const [text, response] of device.commands)
    if (!commands.some((one) => one.text === text && one.state === 'done' && one.response === response))
      wrong.push(`${ident}: response to ${text} is lost`);
  return wrong;
}
