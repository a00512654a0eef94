import { afterAll, beforeAll, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from './gateway-under-test.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({ protocols: 'auto', 'auto-port': 0, 'identify-timeout': 1 });
});
afterAll(() => gateway.remove());

it.each(protocols.map((protocol) => [protocol.name, protocol] as const))(
  'a device that speaks %s is served on the port of all protocols, however its first bytes are cut',
  async (name, protocol) => {
    const device = await DeviceOnASocket.connect(protocol, gateway.port('auto'));
    for (const byte of device.side.identify(protocol.ident)) {
      device.send(Buffer.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    device.send(device.side.location({ time: Date.UTC(2026, 0, 1), lat: 48, lon: 2 }));
    await device.barrier(1);
    device.end();
    const { body } = await gateway.api('GET', `/api/devices/${protocol.ident}/readings?type=sen:loc`);
    expect(body.readings[0].data).toMatchObject({ lat: 48, lon: 2 });
    const metrics = await gateway.api('GET', '/metrics');
    expect(metrics.body).toContain(`m2mp_connections_opened_total{protocol="${name}"} 1`);
  },
);

it('whoever speaks none of them, or nothing at all, is closed', async () => {
  const [first] = protocols;
  for (const said of ['\u0007hello\r\n', '']) {
    const device = await DeviceOnASocket.connect(first!, gateway.port('auto'));
    if (said) device.send(said);
    await device.isClosed(20_000);
  }
});
