/** Workers over a cluster: each writes by itself, and has a spool of its own. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { type GatewayProcess, startGatewayProcess } from '../durability/gateway-process.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster } from '../store/cassandra/keyspaces.js';
import { until } from '../until.js';

const DEVICES = 8;
const identOf = (n: number) => `imei:${String(n).padStart(15, '0')}`;
const at = (n: number) => `/api/devices/${encodeURIComponent(identOf(n))}`;

describe.skipIf(skipWithout('cassandra'))('two workers over Cassandra, with durable: spool', () => {
  let cluster: Cluster;
  let keyspace: string;
  let data: string;
  let gateway: GatewayProcess;
  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    data = await mkdtemp(join(tmpdir(), 'm2mp-workers-'));
    const points = ['--cassandra-contact-points', cluster.session.contactPoints.join(',')];
    const flags = ['--store', 'cassandra', '--cassandra-keyspace', keyspace, '--durable', 'spool', '--workers', '2'];
    gateway = await startGatewayProcess(data, [...flags, ...points]);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await gateway?.end('SIGKILL');
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await rm(data, { recursive: true, force: true });
  });

  const device = (n: number) => DeviceOnASocket.identified(m2mp, gateway.ports.get('m2mp') ?? 0, identOf(n));
  const settingsOf = async (n: number) => {
    const { settings } = await gateway.api<{ settings: { name: string }[] }>('GET', `${at(n)}/settings`);
    return new Set(settings.map(({ name }) => name));
  };

  it('each spools what its devices send, and all of it comes into the cluster', async () => {
    await Promise.all(
      Array.from({ length: DEVICES }, async (_, n) => {
        const one = await device(n);
        one.send(one.side.reading('sen:temp', `${n}.5`, null));
        await one.barrier(1);
        const isThere = async () =>
          JSON.stringify(await gateway.api('GET', `${at(n)}/readings?type=sen:temp`)).includes(`${n}.5`);
        await until(`what device ${n} sent is in the cluster`, isThere, 30_000, 100);
        one.end();
      }),
    );
    expect(existsSync(join(data, 'spool'))).toBe(true);
    expect(existsSync(join(data, 'spool-2'))).toBe(true);
  }, 120_000);

  it('changes of one device from two workers and from HTTP at once lose none of each other', async () => {
    const two = await Promise.all([device(100), device(100)]);
    const names = Array.from({ length: 10 }, (_, n) => [`set${n}`, `first${n}`, `second${n}`]).flat();
    await Promise.all([
      ...Array.from({ length: 10 }, (_, n) => gateway.api('PUT', `${at(100)}/settings/set${n}`, { value: '1' })),
      ...two.map(async (one, which) => {
        for (let n = 0; n < 10; n++) {
          one.send(one.side.settingReported(`${which === 0 ? 'first' : 'second'}${n}`, 'r'));
          await one.barrier(n + 1);
        }
      }),
    ]);
    expect(await settingsOf(100)).toEqual(new Set(names));
    for (const one of two) one.end();
  }, 120_000);

  it('ends in order when told to', async () => {
    expect(await gateway.end('SIGTERM')).toBe(0);
  }, 120_000);
});
