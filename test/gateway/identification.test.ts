import { afterEach, describe, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import { completeProtocols } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

const IDENT = 'imei:123456789012345';
let gateway: GatewayUnderTest;
afterEach(() => gateway.remove());

describe.each(completeProtocols)('$name: identification', (protocol) => {
  it('makes a device known the first time it calls, and finds it again', async () => {
    gateway = await startGatewayUnderTest();
    await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), IDENT);
    const first = await gateway.api('GET', `/api/devices/${IDENT}`);
    expect(first.body).toMatchObject({ ident: IDENT });
    await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), IDENT);
    const { body } = await gateway.api('GET', '/api/devices');
    expect(body.devices).toHaveLength(1);
    expect(body.devices[0].id).toBe(first.body.id);
  });

  it('refuses an unknown ident when only known ones may call, and accepts it once it is admitted', async () => {
    gateway = await startGatewayUnderTest({ provisioning: 'known' });
    const device = await DeviceOnASocket.connect(protocol, gateway.port(protocol.name));
    for (let attempt = 0; attempt < 2; attempt++) {
      device.send(device.side.identify(IDENT));
      expect(await device.hears('identified')).toEqual({ event: 'identified', accepted: false });
    }
    const waiting = await gateway.api('GET', '/api/waiting');
    expect(waiting.body.waiting).toMatchObject([{ ident: IDENT, protocol: protocol.name, count: 2 }]);
    expect((await gateway.api('GET', '/api/devices')).body.devices).toEqual([]);
    await gateway.api('POST', '/api/waiting', { ident: IDENT, admit: true });
    device.send(device.side.identify(IDENT));
    expect(await device.hears('identified')).toEqual({ event: 'identified', accepted: true });
    expect((await gateway.api('GET', '/api/waiting')).body.waiting).toEqual([]);
  });

  it('closes a connection that has not identified itself in time, even one that keeps sending', async () => {
    gateway = await startGatewayUnderTest({ 'identify-timeout': 0.5 });
    const device = await DeviceOnASocket.connect(protocol, gateway.port(protocol.name));
    const chatter = setInterval(() => device.send(device.side.aliveAnswer(1)), 100);
    await device.isClosed();
    clearInterval(chatter);
  });

  it('takes what follows the ident in the same segment as sent after it', async () => {
    gateway = await startGatewayUnderTest();
    const device = await DeviceOnASocket.connect(protocol, gateway.port(protocol.name));
    const { side } = device;
    device.send(
      Buffer.concat([side.identify(IDENT), side.reading('sen:temp', '21', 1_700_000_000_000), side.barrier(1)]),
    );
    await device.hears('barrier');
    const { body } = await gateway.api('GET', `/api/devices/${IDENT}/readings?type=sen:temp`);
    expect(body.readings).toMatchObject([{ time: '2023-11-14T22:13:20.000Z', data: '21' }]);
  });

  it('restores a device marked as deleted under the id it had', async () => {
    gateway = await startGatewayUnderTest();
    (await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), IDENT)).end();
    const { id } = (await gateway.api('GET', `/api/devices/${IDENT}`)).body;
    await gateway.api('DELETE', `/api/devices/${IDENT}`);
    expect((await gateway.api('GET', '/api/devices')).body.devices).toEqual([]);
    await DeviceOnASocket.identified(protocol, gateway.port(protocol.name), IDENT);
    expect((await gateway.api('GET', '/api/devices')).body.devices).toMatchObject([{ id }]);
  });

  it('allows a second connection of a device, and tells both what concerns it', async () => {
    gateway = await startGatewayUnderTest();
    const port = gateway.port(protocol.name);
    const devices = [
      await DeviceOnASocket.identified(protocol, port, IDENT),
      await DeviceOnASocket.identified(protocol, port, IDENT),
    ];
    await gateway.api('PUT', `/api/devices/${IDENT}/settings/interval`, { value: '60' });
    for (const device of devices)
      expect(await device.hears('setting')).toMatchObject({ name: 'interval', value: '60' });
    expect((await gateway.api('GET', '/api/connections')).body.connections).toHaveLength(2);
  });

  it('still answers a barrier of a device that closed its sending side', async () => {
    gateway = await startGatewayUnderTest();
    const device = await DeviceOnASocket.connect(protocol, gateway.port(protocol.name));
    const { side } = device;
    device.socket.end(Buffer.concat([side.identify(IDENT), side.reading('sen:temp', '21', null), side.barrier(9)]));
    expect(await device.hears('barrier')).toEqual({ event: 'barrier', n: 9 });
    await device.isClosed();
  });
});

it('refuses more new devices from one address in a minute than configured', async () => {
  gateway = await startGatewayUnderTest({ 'provision-limit': 2 });
  const device = await DeviceOnASocket.connect(m2mp, gateway.port('m2mp'));
  const accepted: boolean[] = [];
  for (let n = 0; n < 3; n++) {
    device.send(device.side.identify(`imei:00000000000000${n}`));
    accepted.push((await device.hears('identified')).accepted);
  }
  expect(accepted).toEqual([true, true, false]);
});

it('keeps connections of both protocols for one device', async () => {
  gateway = await startGatewayUnderTest();
  await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
  await DeviceOnASocket.identified(alip, gateway.port('alip'), IDENT);
  const { body } = await gateway.api('GET', '/api/connections');
  expect(body.connections.map((connection: { protocol: string }) => connection.protocol).sort()).toEqual([
    'alip',
    'm2mp',
  ]);
});
