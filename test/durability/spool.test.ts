import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alip } from '../../protocols/alip/index.js';
import { m2mp } from '../../protocols/m2mp/index.js';
import { readSpoolStatus } from '../../src/spool/directory.js';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster } from '../store/cassandra/keyspaces.js';
import { type Door, doorTo, type Shut } from './door.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';
import { PersistentDevice } from './persistent-device.js';
import { randomFrom } from './random.js';
import { wrongReadings } from './wrong-readings.js';

const CYCLES = Number(process.env['M2MP_SPOOL_CYCLES'] ?? 3);
const DEVICES_A_PROTOCOL = 2;
/** How Cassandra goes away, in turn. */
const SHUT: readonly Shut[] = ['mute', 'broken', 'silent'];

describe.skipIf(skipWithout('cassandra'))('a gateway whose Cassandra goes away, with durable: spool', () => {
  let cluster: Cluster;
  let keyspace: string;
  let door: Door;
  let data: string;
  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    door = await doorTo(cluster.session.contactPoints[0] ?? '', 9_042);
    data = await mkdtemp(join(tmpdir(), 'm2mp-spool-'));
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    door?.close();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await rm(data, { recursive: true, force: true });
  });

  /** `queueWrites`: the writes that may wait for Cassandra before those that follow are spooled. */
  const started = (queueWrites = 500, variables: Readonly<Record<string, string>> = {}) => {
    const flags = ['--store', 'cassandra', '--durable', 'spool', '--cassandra-keyspace', keyspace];
    const waiting = ['--cassandra-contact-points', door.address, '--queue-writes', String(queueWrites)];
    return startGatewayProcess(data, [...flags, ...waiting], [], variables);
  };

  it(
    `keeps all that was acknowledged, once, through ${CYCLES} kill -9 while it spools or drains`,
    async () => {
      const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
      const random = randomFrom(seed);
      const devices = devicesNamed('a');
      const acknowledged = () => devices.reduce((sum, device) => sum + device.acknowledged, 0);
      let whileAway = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const gateway = await started();
        const runs = devices.map((device) => runWhileUp(gateway, device));
        const before = new Map(devices.map((device) => [device, device.acknowledged]));
        // Each is connected when something new of it was acknowledged.
        await expect
          .poll(() => devices.every((device) => device.acknowledged > (before.get(device) ?? 0)), PATIENTLY)
          .toBe(true);
        const how = SHUT[cycle % SHUT.length] ?? 'broken';
        door.shut(how);
        const atShut = acknowledged();
        await expect.poll(acknowledged, PATIENTLY).toBeGreaterThan(atShut + 100);
        // Elsewhere it takes as long as an answer is waited for.
        if (how === 'broken')
          await expect
            .poll(() => gateway.api('GET', '/health/ready'), PATIENTLY)
            .toEqual({ ready: true, spooling: expect.stringMatching(/^\d+ readings wait in the spool: /) });
        await after(random() * 500);
        whileAway += acknowledged() - atShut;
        if (random() < 0.5) {
          door.open();
          await after(random() * 1_000);
        }
        await gateway.end('SIGKILL');
        door.open();
        await Promise.all(runs);
      }
      const gateway = await started();
      try {
        await expect.poll(() => gateway.metric('m2mp_spool_readings'), PATIENTLY).toBe(0);
        const again = `again by: M2MP_SEED=${seed} M2MP_SPOOL_CYCLES=${CYCLES} npx vitest run test/durability/spool.test.ts`;
        for (const device of devices) expect(await wrongReadings(gateway, device), again).toEqual([]);
        expect(whileAway).toBeGreaterThan(100 * CYCLES);
      } finally {
        await gateway.end('SIGTERM');
      }
      expect(await readSpoolStatus(join(data, 'spool'))).toMatchObject({ readings: 0, segments: 0 });
    },
    CYCLES * 90_000,
  );

  it('a gateway that answers before it has spooled is caught', async () => {
    const early = new URL('early-spool.mjs', import.meta.url).href;
    // Spooled only when Cassandra is away: a spool that is drained before it is written would be found broken at once.
    const gateway = await started(100_000, { NODE_OPTIONS: `--import=${early}` });
    const devices = devicesNamed('b');
    const runs = devices.map((device) => runWhileUp(gateway, device));
    await expect.poll(() => devices.every((device) => device.acknowledged > 20), PATIENTLY).toBe(true);
    const acknowledged = () => devices.reduce((sum, device) => sum + device.acknowledged, 0);
    door.shut('broken');
    const atShut = acknowledged();
    await expect.poll(acknowledged, PATIENTLY).toBeGreaterThan(atShut);
    await gateway.end('SIGKILL');
    door.open();
    await Promise.all(runs);
    const after = await started();
    const wrong = await Promise.all(devices.map((device) => wrongReadings(after, device)));
    await after.end('SIGTERM');
    expect(wrong.flat().join('\n')).toContain('lost');
  }, 180_000);
});

function devicesNamed(name: string): PersistentDevice[] {
  return [m2mp, alip].flatMap((protocol) =>
    Array.from(
      { length: DEVICES_A_PROTOCOL },
      (_, n) => new PersistentDevice(protocol, `imei:${protocol.name}000${name}${n}`),
    ),
  );
}

/** A device that connects anew as often as it must. */
async function runWhileUp(gateway: GatewayProcess, device: PersistentDevice): Promise<void> {
  let isUp = true;
  gateway.ended.then(() => {
    isUp = false;
  });
  while (isUp) {
    await device.run(gateway.ports.get(device.protocol.name) ?? 0);
    await after(50);
  }
}

/** What a loaded machine takes. */
const PATIENTLY = { timeout: 60_000, interval: 20 };

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
