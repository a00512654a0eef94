import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { startGatewayProcess } from './gateway-process.js';
import { PersistentDevice } from './persistent-device.js';
import { canTrace } from './system-calls.js';

/** Which sync or write of the database fails, counted from the start of the process. */
const PLACES = (process.env['M2MP_FAILING_SYNCS'] ?? '1,2,5,20').split(',').map(Number);
/** A write that finds no room is waited out, a sync that fails never: so ENOSPC is tried on syncs only. */
const FAULTS = [
  ['fdatasync', 'EIO'],
  ['fdatasync', 'ENOSPC'],
  ['fdatasync', 'EDQUOT'],
  ['pwrite64,pwritev,writev', 'EIO'],
] as const;
const STORE_FAILED = 74;
const IDENT = 'imei:123456789012345';

it.skipIf(!canTrace() && !process.env['M2MP_TEST_ALL']).each(FAULTS)(
  '%s that fails with %s ends the process, and all that was acknowledged is there when it starts again',
  async (calls, error) => {
    let failed = 0;
    for (const place of PLACES) {
      const data = await mkdtemp(join(tmpdir(), 'm2mp-failing-'));
      const device = new PersistentDevice(m2mp, IDENT);
      // A data directory that is whole already, as in the field.
      const first = await startGatewayProcess(data);
      await whileRunning(device.run(first.ports.get('m2mp') ?? 0), 100);
      await first.end('SIGTERM');

      // strace counts each thread for itself, so there is but one that writes.
      const inject = `inject=${calls}:error=${error}:when=${place}+`;
      const strace = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${calls}`, '-P', join(data, 'data.mdb')];
      const gateway = await startGatewayProcess(data, [], [...strace, '-e', inject], { UV_THREADPOOL_SIZE: '1' }).catch(
        () => null,
      );
      // It may fail before it is ready, which is as well.
      if (gateway) {
        failed++;
        const running = device.run(gateway.ports.get('m2mp') ?? 0);
        const started = performance.now();
        const code = await gateway.ended;
        // Null: a signal. LMDB's own thread may be caught in a write while the process exits.
        expect({ place, ended: code === STORE_FAILED || code === null }).toEqual({ place, ended: true });
        expect(performance.now() - started).toBeLessThan(15_000);
        await running;
      }

      const again = await startGatewayProcess(data);
      const { readings } = await again.api<{ readings: { data: string }[] }>(
        'GET',
        `/api/devices/${IDENT}/readings?type=${device.type}&order=asc&limit=1000`,
      );
      const due = Array.from({ length: Math.min(device.acknowledged, 1_000) }, (_, n) => n);
      const lost = due.filter((n) => !device.isReading(n, readings[n]?.data));
      expect({ place, lost }).toEqual({ place, lost: [] });
      await again.end('SIGTERM');
      await rm(data, { recursive: true });
    }
    expect(failed).toBeGreaterThan(0);
  },
  300_000,
);

function whileRunning(running: Promise<void>, ms: number): Promise<void> {
  return Promise.race([running, new Promise<void>((resolve) => setTimeout(resolve, ms))]);
}
