import { join } from 'node:path';
import { expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { startGatewayUnderTest } from '../gateway/gateway-under-test.js';
import { canMount, mountSmallDisk } from './small-disk.js';

const IDENT = 'imei:123456789012345';
const READINGS = 400;
const isPossible = canMount();

it.skipIf(!isPossible && !process.env['M2MP_TEST_ALL'])(
  'a full disk is waited out: no answer, a reason in /health/ready, and it goes on by itself when there is room',
  async () => {
    const disk = mountSmallDisk(8);
    const gateway = await startGatewayUnderTest(
      { 'queue-writes': READINGS / 2 },
      { directory: join(disk.directory, 'data') },
    );
    try {
      const device = await DeviceOnASocket.identified(m2mp, gateway.port('m2mp'), IDENT);
      await device.barrier();
      disk.fill(64 * 1_024);
      const text = 'x'.repeat(1_000);
      for (let n = 0; n < READINGS; n++) {
        device.send(device.side.reading('note', `${n} ${text}`, null));
        if (n % 10 === 0) device.send(device.side.barrier(100));
      }
      device.send(device.side.barrier(7));
      await expect.poll(async () => (await gateway.api('GET', '/health/ready')).status, { timeout: 5_000 }).toBe(503);
      expect(JSON.stringify((await gateway.api('GET', '/health/ready')).body)).toMatch(/no room|full|space/i);
      expect((await gateway.api('GET', '/health/live')).status).toBe(200);
      await expect(device.hears('closing', 500)).rejects.toThrow('did not come');
      expect(device.heard).not.toContainEqual({ event: 'barrier', n: 7 });
      // A device that identifies itself now is refused or waits, and nothing else is said.
      disk.free();
      while ((await device.hears('barrier', 10_000)).n !== 7);
      expect((await gateway.api('GET', '/health/ready')).status).toBe(200);
      const { body } = await gateway.api('GET', `/api/devices/${IDENT}/readings?type=note&limit=1000`);
      expect(body.readings).toHaveLength(READINGS);
    } finally {
      await gateway.remove();
      disk.remove();
    }
  },
  60_000,
);
