import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { protocols } from '../../protocols/list.js';
import { startGatewayProcess } from '../durability/gateway-process.js';
import { PersistentDevice } from '../durability/persistent-device.js';
import { newIdent } from '../protocols/complete.js';
import { DeviceOnASocket } from './device-on-a-socket.js';
import { startGatewayUnderTest } from './gateway-under-test.js';

it('tells the device why, answers what is durable, and closes', async () => {
  const gateway = await startGatewayUnderTest();
  const device = await DeviceOnASocket.identified(alip, gateway.port('alip'), 'imei:123456789012345');
  device.send(device.side.reading('sen:temp', '1', null), device.side.barrier(5));
  await device.hears('barrier');
  const stopping = gateway.stop();
  expect(await device.hears('closing')).toMatchObject({ why: expect.stringContaining('stops') });
  await device.isClosed();
  await stopping;
  await gateway.remove();
});

it('ends within 10 s on SIGTERM under load, with exit code 0, and has all that it acknowledged', async () => {
  const data = await mkdtemp(join(tmpdir(), 'm2mp-term-'));
  const gateway = await startGatewayProcess(data);
  const devices = protocols.map((protocol) => new PersistentDevice(protocol, newIdent(protocol)));
  const runs = devices.map((device) => device.run(gateway.ports.get(device.protocol.name) ?? 0));
  await new Promise((resolve) => setTimeout(resolve, 500));
  const started = Date.now();
  expect(await gateway.end('SIGTERM')).toBe(0);
  expect(Date.now() - started).toBeLessThan(10_000);
  await Promise.all(runs);
  const again = await startGatewayProcess(data);
  for (const device of devices) {
    expect(device.acknowledged).toBeGreaterThan(0);
    const last = PersistentDevice.date(device.acknowledged - 1);
    const { readings } = await again.api<{ readings: unknown[] }>(
      'GET',
      `/api/devices/${device.ident}/readings?type=${device.type}&from=${new Date(last).toISOString()}&limit=10&order=asc`,
    );
    expect(readings[0]).toMatchObject({ time: new Date(last).toISOString() });
  }
  await again.end('SIGTERM');
  await rm(data, { recursive: true });
}, 60_000);
