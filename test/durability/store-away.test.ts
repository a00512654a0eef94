/** Rows 7 and 10 of the plan: more comes than memory and spool hold while Cassandra is away, and its answers are lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { routeNamed } from '../../src/simulator/routes.js';
import { type Progress, type Simulation, simulate } from '../../src/simulator/simulator.js';
import { verify } from '../../src/simulator/verify.js';
import { readSpoolStatus } from '../../src/spool/directory.js';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster } from '../store/cassandra/keyspaces.js';
import { type Door, doorTo } from './door.js';
import { type GatewayProcess, startGatewayProcess } from './gateway-process.js';

/** Readings that go through, and bytes that the spool may hold: fewer than they take. */
const READINGS = Number(process.env['M2MP_AWAY_READINGS'] ?? 250_000);
const SPOOL_BYTES = (READINGS >= 1_000_000 ? 64 : 16) << 20;
/** How often Cassandra's answers are lost, and readings that are written while they are, at the least. */
const SILENCES = Number(process.env['M2MP_SILENCES'] ?? 2);
const UNKNOWN = 1_000;
/** Ms in which nothing is acknowledged that is taken for "no socket is read". */
const STANDSTILL = 2_000;
/** Ms that Cassandra's answers are lost: longer than the gateway waits for one. */
const SILENCE = 8_000;
/** Ms of an absence that no device is to notice: shorter than the gateway's patience. */
const ABSENCE = 3_000;
const DEVICES = 20;
const BATCH = 100;
/** Ms that the API's thread, which has connections of its own, may take to find Cassandra again. */
const BACK_WITHIN = 30_000;
const route = routeNamed('circle');

describe.skipIf(skipWithout('cassandra'))('a gateway whose Cassandra is away', () => {
  let cluster: Cluster;
  let keyspace: string;
  let door: Door;
  let data: string;
  beforeAll(async () => {
    cluster = await openCluster();
  }, SERVICE_TIMEOUT);
  afterAll(() => cluster.close());
  beforeEach(async () => {
    keyspace = await createKeyspace(cluster);
    door = await doorTo(cluster.session.contactPoints[0] ?? '', 9_042);
    data = await mkdtemp(join(tmpdir(), 'm2mp-away-'));
  }, SERVICE_TIMEOUT);
  afterEach(async () => {
    door.close();
    await dropKeyspace(cluster, keyspace);
    await rm(data, { recursive: true, force: true });
  });

  const started = (...flags: readonly string[]) => {
    const cassandra = ['--cassandra-keyspace', keyspace, '--cassandra-contact-points', door.address];
    return startGatewayProcess(data, ['--store', 'cassandra', ...cassandra, ...flags]);
  };
  /**
   * Devices that send as fast as they are answered until `onProgress` says that it is enough; `answered` are those of
   * which two batches were acknowledged: between them it reports the setting that it is asked for, which is not spooled.
   */
  const load = (
    gateway: GatewayProcess,
    onProgress: (progress: Progress & { readonly answered: number }, enough: () => void) => void,
  ) => {
    const end = new AbortController();
    const answered = new Set<number>();
    return simulate({
      protocol: m2mp,
      host: '127.0.0.1',
      port: gateway.ports.get('m2mp') ?? 0,
      devices: DEVICES,
      rate: Number.POSITIVE_INFINITY,
      batch: BATCH,
      duration: 3_600_000,
      // It has a reading a second, and asks for those of a batch when the one before is acknowledged.
      route: (device, seconds) => {
        if (seconds >= 2 * BATCH) answered.add(device);
        return route(device, seconds);
      },
      ident: (n) => `imei:${490_154_203_400_000 + n}`,
      onProgress: (progress) => onProgress({ ...progress, answered: answered.size }, () => end.abort()),
      signal: end.signal,
      now: Date.now,
      random: Math.random,
    });
  };
  const checked = async (gateway: GatewayProcess, simulation: Simulation) => {
    const found = await verify(simulation, route, (path) => onceBack(() => gateway.api('GET', path)));
    expect(found).toMatchObject({ lost: 0, duplicated: 0, altered: 0, examples: [] });
  };

  it(`takes readings until its spool is full, then reads no socket, and goes on by itself: ${READINGS} come through`, async () => {
    const spool = ['--durable', 'spool', '--spool-bytes', String(SPOOL_BYTES), '--queue-writes', '2000'];
    const gateway = await started(...spool);
    let shutAt = 0;
    let stillSince = 0;
    let stood = '';
    let last = 0;
    const simulation = await load(gateway, ({ acknowledged, answered, at }, enough) => {
      if (shutAt === 0 && answered === DEVICES) {
        door.shut('broken');
        shutAt = at;
      }
      if (acknowledged !== last) stillSince = at;
      // A machine that is busy may stand still as well: then the gateway is ready all the same.
      if (shutAt > 0 && stood === '' && at - stillSince > STANDSTILL)
        gateway.api('GET', '/health/ready').catch(({ message }: Error) => {
          stood = message;
          door.open();
        });
      last = acknowledged;
      if (stood !== '' && acknowledged >= READINGS) enough();
    });
    expect(stood).toMatch(/503.*spool/s);
    await expect.poll(() => gateway.metric('m2mp_spool_readings'), { timeout: 600_000, interval: 500 }).toBe(0);
    await checked(gateway, simulation);
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await readSpoolStatus(join(data, 'spool'))).toMatchObject({ readings: 0, segments: 0 });
  }, 900_000);

  it(
    `writes again what got no answer, and nothing of it is there twice, through ${SILENCES} silences`,
    async () => {
      const gateway = await started();
      let silences = 0;
      let isSilent = false;
      let answeredAgain = 0;
      const simulation = await load(gateway, ({ acknowledged, answered }, enough) => {
        if (isSilent || answered < DEVICES || acknowledged < answeredAgain + UNKNOWN) return;
        if (silences === SILENCES) return enough();
        silences++;
        isSilent = true;
        door.shut('mute');
        setTimeout(() => {
          door.open();
          answeredAgain = acknowledged;
          isSilent = false;
        }, SILENCE);
      });
      expect(silences).toBe(SILENCES);
      await checked(gateway, simulation);
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    120_000 + SILENCES * 60_000,
  );

  it.each(['store', 'spool'])(
    'makes devices known on the connections that they opened while Cassandra was away for a moment (durable: %s)',
    async (durable) => {
      const gateway = await started('--durable', durable);
      door.shut('broken');
      setTimeout(() => door.open(), ABSENCE);
      const simulation = await load(gateway, ({ answered, acknowledged }, enough) => {
        if (answered === DEVICES && acknowledged > UNKNOWN) enough();
      });
      expect(simulation.result).toMatchObject({ dropped: 0, refused: 0 });
      await checked(gateway, simulation);
      expect(await gateway.end('SIGTERM')).toBe(0);
    },
    120_000,
  );
});

async function onceBack<T>(ask: () => Promise<T>): Promise<T> {
  for (const deadline = Date.now() + BACK_WITHIN; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
    try {
      return await ask();
    } catch (error) {
      const isAway = error instanceof Error && error.message.includes(': 503 ');
      if (!isAway || Date.now() > deadline) throw error;
    }
  }
}
