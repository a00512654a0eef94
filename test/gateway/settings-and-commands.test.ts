import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DeviceEvent } from '../../protocols/protocol.js';
import { completeProtocols } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest();
});
afterAll(() => gateway.remove());

let number = 0;
const newIdent = () => `imei:${String(++number).padStart(15, '0')}`;

async function settled(device: DeviceOnASocket): Promise<DeviceEvent[]> {
  device.send(device.side.barrier(200));
  const heard: DeviceEvent[] = [];
  for (;;) {
    const event = await device.next();
    if (event.event === 'barrier' && event.n === 200) return heard;
    heard.push(event);
  }
}

async function knownDevice(protocol: (typeof completeProtocols)[number]): Promise<string> {
  const ident = newIdent();
  const device = await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), ident);
  device.end();
  await device.isClosed();
  return ident;
}

describe.each(completeProtocols)('$name: settings', (protocol) => {
  const identified = (ident: string) => DeviceOnASocket.identified(protocol, gateway.port(protocol.name), ident);

  it('are asked for where none is known', async () => {
    const device = await identified(newIdent());
    expect(await settled(device)).toContainEqual({ event: 'settingsAsked' });
  });

  it('wait for a device that is away, come before its commands, and are acknowledged by what it reports', async () => {
    const ident = await knownDevice(protocol);
    await gateway.api('PUT', `/api/devices/${ident}/settings/interval`, { value: '60' });
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'reboot' });
    const device = await identified(ident);
    const told = (await settled(device)).filter(({ event }) => event === 'setting' || event === 'command');
    expect(told.map(({ event }) => event)).toEqual(['setting', 'command']);
    device.send(device.side.settingReported('interval', '60'));
    await device.barrier(3);
    const { body } = await gateway.api('GET', `/api/devices/${ident}/settings`);
    expect(body.settings).toMatchObject([
      { name: 'interval', value: '60', pending: null, acknowledged: expect.any(String) },
    ]);
  });

  it('leave at once on the open connection, and not again with the same value', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    await settled(device);
    for (let i = 0; i < 2; i++) await gateway.api('PUT', `/api/devices/${ident}/settings/a`, { value: '1' });
    expect(await device.hears('setting')).toEqual({ event: 'setting', name: 'a', value: '1' });
    await gateway.api('PUT', `/api/devices/${ident}/settings/a`, { value: '2' });
    expect(await device.hears('setting')).toEqual({ event: 'setting', name: 'a', value: '2' });
  });

  it('stay pending when the device reports another value', async () => {
    const ident = await knownDevice(protocol);
    await gateway.api('PUT', `/api/devices/${ident}/settings/a`, { value: '1' });
    const device = await identified(ident);
    device.send(device.side.settingReported('a', '0'));
    await device.barrier();
    const { body } = await gateway.api('GET', `/api/devices/${ident}/settings`);
    expect(body.settings).toMatchObject([{ name: 'a', pending: '1' }]);
  });

  it('are forgotten when the device does not know them', async () => {
    const ident = await knownDevice(protocol);
    await gateway.api('PUT', `/api/devices/${ident}/settings/a`, { value: '1' });
    const device = await identified(ident);
    device.send(device.side.settingUnknown('a'));
    await device.barrier();
    expect((await gateway.api('GET', `/api/devices/${ident}/settings`)).body.settings).toEqual([]);
  });
});

describe.each(completeProtocols)('$name: commands', (protocol) => {
  const identified = (ident: string) => DeviceOnASocket.identified(protocol, gateway.port(protocol.name), ident);
  const commandsOf = async (ident: string) =>
    (await gateway.api('GET', `/api/devices/${ident}/commands`)).body.commands;

  it('are queued, sent when the device calls, and done with its response', async () => {
    const ident = await knownDevice(protocol);
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'engine stop' });
    expect(await commandsOf(ident)).toMatchObject([{ text: 'engine stop', state: 'queued' }]);
    const device = await identified(ident);
    const command = await device.hears('command');
    expect(command.text).toBe('engine stop');
    await device.barrier();
    expect(await commandsOf(ident)).toMatchObject([{ state: 'sent' }]);
    device.send(device.side.commandDone(command.id, 'stopped'));
    await device.barrier();
    expect(await commandsOf(ident)).toMatchObject([{ state: 'done', response: 'stopped' }]);
  });

  it('leave at once on the open connection, once', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    await settled(device);
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'one' });
    expect((await device.hears('command')).text).toBe('one');
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'two' });
    expect((await device.hears('command')).text).toBe('two');
    expect((await settled(device)).filter(({ event }) => event === 'command')).toEqual([]);
  });

  it('are sent again at the next identification until they are acknowledged', async () => {
    const ident = await knownDevice(protocol);
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'again' });
    for (let i = 0; i < 2; i++) {
      const device = await identified(ident);
      expect((await device.hears('command')).text).toBe('again');
      device.end();
    }
  });

  it('are never sent when cancelled or expired', async () => {
    const ident = await knownDevice(protocol);
    const cancelled = await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'cancelled' });
    await gateway.api('DELETE', `/api/devices/${ident}/commands/${cancelled.body.id}`);
    const expires = new Date(Date.now() + 300).toISOString();
    await gateway.api('POST', `/api/devices/${ident}/commands`, { text: 'expired', expires });
    await new Promise((resolve) => setTimeout(resolve, 350));
    const device = await identified(ident);
    expect((await settled(device)).filter(({ event }) => event === 'command')).toEqual([]);
    expect((await commandsOf(ident)).map(({ state }: { state: string }) => state).sort()).toEqual([
      'cancelled',
      'expired',
    ]);
  });

  it('that were never sent are counted when they are acknowledged, and disturb nothing', async () => {
    const ident = newIdent();
    const device = await identified(ident);
    device.send(
      device.side.commandDone(protocol.name === 'alip' ? '77' : '11111111-1111-4111-8111-111111111111', null),
    );
    await device.barrier();
    const metrics = (await gateway.api('GET', '/metrics')).body;
    expect(metrics).toMatch(
      new RegExp(`m2mp_protocol_errors_total\\{protocol="${protocol.name}",kind="unknown_command"\\} 1`),
    );
  });
});
