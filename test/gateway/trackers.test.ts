import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Protocol } from '../../protocols/protocol.js';
import { newIdent, trackerProtocols } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

const TIME = Date.UTC(2026, 10, 20, 12);
let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest();
});
afterAll(() => gateway.remove());

describe.each(trackerProtocols.map((protocol) => [protocol.name, protocol] as const))('%s', (_, protocol) => {
  const identified = (ident: string) => DeviceOnASocket.identified(protocol, gateway.port(protocol.name), ident);
  const locationsOf = async (ident: string) =>
    (await gateway.api('GET', `/api/devices/${ident}/readings?type=sen:loc&order=asc`)).body.readings;
  const commandsOf = async (ident: string) =>
    (await gateway.api('GET', `/api/devices/${ident}/commands`)).body.commands;

  it('locations are stored when the barrier behind them is answered, once when they are sent again', async () => {
    const ident = newIdent(protocol);
    for (let i = 0; i < 2; i++) {
      const device = await identified(ident);
      device.send(
        device.side.location({ time: TIME, lat: 48.85, lon: 2.35, spd: 50, alt: 35 }),
        device.side.location({ time: TIME + 1_000, lat: -33.9, lon: 151.2 }),
        device.side.location({ time: TIME + 2_000, sat: 4 }),
      );
      await device.barrier();
      device.end();
    }
    const alt = protocol.lacks.includes('alt') ? {} : { alt: 35 };
    const locations = await locationsOf(ident);
    expect(locations).toMatchObject([
      { time: '2026-11-20T12:00:00.000Z', data: { spd: 50, valid: true, ...alt } },
      { time: '2026-11-20T12:00:01.000Z', data: { valid: true } },
      { time: '2026-11-20T12:00:02.000Z', data: { valid: false } },
    ]);
    expect(locations[0].data.lat).toBeCloseTo(48.85, 5);
    expect(locations[1].data.lon).toBeCloseTo(151.2, 5);
  });

  it('dates are by the offset of the device, where it has one', async () => {
    const ident = newIdent(protocol);
    (await identified(ident)).end();
    expect((await gateway.api('PATCH', `/api/devices/${ident}`, { clockOffset: -90 })).status).toBe(200);
    const device = await identified(ident);
    device.send(device.side.location({ time: TIME, lat: 1, lon: 2 }));
    await device.barrier();
    const [location] = await locationsOf(ident);
    expect(Date.parse(location.time) - TIME).toBe((ownOffset(protocol) + 90) * 60_000);
  });

  it.skipIf(protocol.lacks.includes('commands'))(
    'commands are sent on the open connection or when the device calls, and done with its response',
    async () => {
      const ident = newIdent(protocol);
      const first = await identified(ident);
      for (const text of ['status', 'reboot']) await gateway.api('POST', `/api/devices/${ident}/commands`, { text });
      // Some are sent one at a time.
      expect((await first.hears('command')).text).toBe('status');
      first.end();
      const device = await identified(ident);
      const response = protocol.lacks.includes('responses') ? null : 'all is well';
      for (const text of ['status', 'reboot']) {
        const command = await device.hears('command');
        expect(command.text).toBe(text);
        device.send(device.side.commandDone(command.id, response));
      }
      await device.barrier();
      await expect
        .poll(() => commandsOf(ident))
        .toMatchObject([
          { text: 'reboot', state: 'done', response },
          { text: 'status', state: 'done', response },
        ]);
    },
  );

  it.skipIf(protocol.lacks.includes('commands'))('a command is sent when it has left, and not before', async () => {
    const ident = newIdent(protocol);
    const device = await identified(ident);
    const unsayable = protocol.name === 'jt808' ? 'control 999' : protocol.name === 'teltonika' ? 'next' : 'ü';
    const states = async () =>
      (await commandsOf(ident)).map(({ text, state }: { text: string; state: string }) => `${text} ${state}`);
    for (const text of ['status', unsayable]) await gateway.api('POST', `/api/devices/${ident}/commands`, { text });
    const { id } = await device.hears('command');
    await expect.poll(states).toEqual([`${unsayable} queued`, 'status sent']);
    device.send(device.side.commandDone(id, 'ok'));
    // Where commands go one at a time, that was what the other one waited for.
    const after = protocol.name === 'teltonika' ? 'sent' : 'queued';
    await expect.poll(states).toEqual([`${unsayable} ${after}`, 'status done']);
  });

  it('whoever is not known waits to be admitted, and nothing of it is stored', async () => {
    const careful = await startGatewayUnderTest({ provisioning: 'known' });
    const device = await DeviceOnASocket.connect(protocol, careful.port(protocol.name));
    const ident = newIdent(protocol);
    device.send(
      device.side.identify(ident),
      device.side.location({ time: TIME, lat: 1, lon: 2 }),
      device.side.barrier(1),
    );
    await expect.poll(async () => (await careful.api('GET', '/api/waiting')).body.waiting).toMatchObject([{ ident }]);
    expect((await careful.api('GET', '/api/devices')).body.devices).toEqual([]);
    await careful.api('POST', '/api/waiting', { ident, admit: true });
    device.send(
      device.side.identify(ident),
      device.side.location({ time: TIME, lat: 3, lon: 4 }),
      device.side.barrier(2),
    );
    device.end();
    await expect
      .poll(async () => (await careful.api('GET', `/api/devices/${ident}/readings?type=sen:loc`)).body.readings)
      .toMatchObject([{ data: { valid: true } }]);
    await careful.remove();
  });
});

/** Minutes that the clock of the protocol's own device is ahead of UTC. */
function ownOffset({ name }: Protocol): number {
  return name === 'jt808' ? 8 * 60 : 0;
}
