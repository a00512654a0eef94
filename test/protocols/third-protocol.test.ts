import { afterAll, beforeAll, expect, it } from 'vitest';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type GatewayUnderTest, startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { semicolon } from './third-protocol/index.js';

let gateway: GatewayUnderTest;
beforeAll(async () => {
  gateway = await startGatewayUnderTest({}, { protocols: [semicolon] });
});
afterAll(() => gateway.remove());

it('a protocol is one folder and one entry in the list: it is served, stored, acknowledged and counted', async () => {
  const device = await DeviceOnASocket.identified(semicolon, gateway.port('semicolon'), 'imei:123456789012345');
  device.send(device.side.location({ time: 0, lat: 48.8566, lon: 2.3522 }), 'Pnowhere;');
  await device.barrier(7);
  device.end();
  const { body } = await gateway.api('GET', '/api/devices/imei:123456789012345/readings?type=sen:loc');
  expect(body.readings).toMatchObject([{ type: 'sen:loc', data: { lat: 48.8566, lon: 2.3522 } }]);
  const metrics = await gateway.api('GET', '/metrics');
  expect(metrics.body).toContain('m2mp_readings_total{protocol="semicolon"} 1');
  expect(metrics.body).toContain('m2mp_protocol_errors_total{protocol="semicolon",kind="malformed"} 1');
});
