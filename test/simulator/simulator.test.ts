import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import type { Protocol } from '../../protocols/protocol.js';
import { routeNamed } from '../../src/simulator/routes.js';
import { type Simulation, type SimulationOptions, simulate } from '../../src/simulator/simulator.js';
import { type Verification, verify } from '../../src/simulator/verify.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';

const route = routeNamed('circle');
let gateway: GatewayUnderTest;
beforeEach(async () => {
  gateway = await startGatewayUnderTest();
});
afterEach(() => gateway.remove());

const options = (protocol: Protocol, given: Partial<SimulationOptions> = {}): SimulationOptions => ({
  protocol,
  host: '127.0.0.1',
  port: gateway.port(protocol.name),
  devices: 3,
  rate: 300,
  batch: 5,
  duration: 1_000,
  route,
  ident: (index) => identOf(protocol, index),
  onProgress: () => {},
  signal: new AbortController().signal,
  now: Date.now,
  random: Math.random,
  ...given,
});

/** Counts up from the ident of the protocol's first device. */
function identOf({ ident }: Protocol, index = 0): string {
  return ident.replace(/\d+$/, (digits) => String(Number(digits) + index));
}

const verified = (simulation: Simulation): Promise<Verification> =>
  verify(simulation, route, async (path) => {
    const { status, body } = await gateway.api('GET', path);
    expect({ path, status }).toEqual({ path, status: 200 });
    return body;
  });
const nothingLost = { lost: 0, duplicated: 0, altered: 0, settingsLost: 0, commandsLost: 0 };

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))(
  'devices that speak %s',
  (_, protocol) => {
    it('send at the rate they are asked to, and all that is acknowledged is read back', async () => {
      const simulation = await simulate(options(protocol));
      expect(simulation.result.acknowledged).toBeGreaterThan(100);
      expect(simulation.result.acknowledged).toBeLessThanOrEqual(360);
      expect(simulation.result.latency.p50).toBeGreaterThan(0);
      expect(await verified(simulation)).toMatchObject({
        ...nothingLost,
        acknowledged: simulation.result.acknowledged,
      });
    });

    it('acknowledge settings and commands', async () => {
      const ident = identOf(protocol);
      const settings = protocol.lacks.includes('settings') ? 0 : 1;
      const commands = protocol.lacks.includes('commands') ? 0 : 1;
      const running = simulate(options(protocol, { devices: 1, rate: 100 }));
      await expect.poll(async () => (await gateway.api('GET', `/api/devices/${ident}`)).status).toBe(200);
      if (settings > 0) await gateway.api('PUT', `/api/devices/${ident}/settings/period`, { value: '60' });
      await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'reboot' });
      const simulation = await running;
      expect(simulation.result).toMatchObject({ settings, commands });
      expect(await verified(simulation)).toMatchObject({ ...nothingLost, settings, commands });
    });

    it('as fast as it goes, nothing is dated in the future', async () => {
      const simulation = await simulate(options(protocol, { rate: Number.POSITIVE_INFINITY, duration: 500 }));
      const most = Math.max(...simulation.ledgers.map(({ sent }) => sent));
      expect(simulation.dateOf(most - 1)).toBeLessThan(Date.now());
      expect(await verified(simulation)).toMatchObject(nothingLost);
    });
  },
);

const [first] = protocols;
if (!first) throw new Error('no protocol');
const IDENT = identOf(first);

it('what is lost, doubled, altered or forgotten is found', async () => {
  const running = simulate(options(first, { devices: 1, rate: 100 }));
  await expect.poll(async () => (await gateway.api('GET', `/api/devices/${IDENT}`)).status).toBe(200);
  await gateway.api('PUT', `/api/devices/${IDENT}/settings/period`, { value: '60' });
  const simulation = await running;
  const readings = `/api/devices/${IDENT}/readings`;
  const date = (number: number) => new Date(simulation.dateOf(number)).toISOString();
  await gateway.api('DELETE', `${readings}?type=sen:loc&from=${date(3)}&to=${date(4)}`);
  await gateway.api('POST', readings, { type: 'sen:loc', time: date(5), data: { lat: 1, lon: 2, spd: 3, alt: 4 } });
  await gateway.api('PUT', `/api/devices/${IDENT}/settings/period`, { value: '90' });
  await gateway.api('DELETE', `/api/devices/${IDENT}/settings/period`);
  const found = await verified(simulation);
  expect(found).toMatchObject({ lost: 2, duplicated: 1, altered: 1 });
  expect(found.examples.join('\n')).toContain(`${IDENT} ${date(3)}: lost`);
});

it('devices whose connection drops send again what was not acknowledged', async () => {
  const running = simulate(options(first, { duration: 2_000 }));
  await expect
    .poll(async () => {
      const { body } = await gateway.api('GET', '/api/connections');
      for (const { id } of body.connections) await gateway.api('DELETE', `/api/connections/${id}`);
      return body.connections.length;
    })
    .toBeGreaterThan(1);
  const simulation = await running;
  expect(simulation.result.dropped).toBeGreaterThan(0);
  expect(await verified(simulation)).toMatchObject(nothingLost);
});

it('ends early when it is interrupted, with what was reached', async () => {
  const interrupted = new AbortController();
  setTimeout(() => interrupted.abort(), 500);
  const { result } = await simulate(options(first, { duration: 60_000, signal: interrupted.signal }));
  expect(result.seconds).toBeLessThan(2);
  expect(result.acknowledged).toBeGreaterThan(0);
});
