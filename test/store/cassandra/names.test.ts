import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevices } from '../../../src/devices/open.js';
import { openFiles } from '../../../src/files/files.js';
import { openRegistry } from '../../../src/registry/registry.js';
import type { Store } from '../../../src/store/store.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster, openKeyspace } from './keyspaces.js';

const ROUNDS = 10;
const FROM = { protocol: 'm2mp', source: '192.0.2.7:51000' };

describe.skipIf(skipWithout('cassandra'))('two gateways over one keyspace', () => {
  let cluster: Cluster;
  let keyspace: string;
  const stores: Store[] = [];
  let gateways: ReturnType<typeof openDevices>[];
  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    stores.push(await openKeyspace(cluster, keyspace), await openKeyspace(cluster, keyspace));
    gateways = stores.map((store) => {
      const registry = openRegistry(store);
      const files = openFiles(registry, store);
      return openDevices({ registry, files, now: Date.now, policy: 'auto', provisionLimit: 0, waitingLimit: 100 });
    });
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    for (const store of stores) await store.close();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
  });

  it('a name that both give at once is given once', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const name = `customer ${round}`;
      const results = await Promise.allSettled(gateways.map(({ domains }) => domains.create(name)));
      const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
      expect(made).toHaveLength(1);
      expect(results.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'conflict' } });
      for (const { domains } of gateways) expect((await domains.find(name))?.id).toBe(made[0]!.id);
    }
    const { entities } = await gateways[1]!.domains.list({ limit: 100 });
    expect(entities.filter(({ name }) => name.startsWith('customer'))).toHaveLength(ROUNDS);
  }, 60_000);

  it('a name that both take for a rename at once is taken once, and given up it is free', async () => {
    const [one, other] = gateways as [(typeof gateways)[0], (typeof gateways)[0]];
    const ids = [(await one.domains.create('first')).id, (await other.domains.create('second')).id];
    const results = await Promise.allSettled(gateways.map(({ domains }, n) => domains.rename(ids[n]!, 'wanted')));
    const winner = results.findIndex(({ status }) => status === 'fulfilled');
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect((await one.domains.find('wanted'))?.id).toBe(ids[winner]);
    expect((await one.domains.get(ids[1 - winner]!))?.name).toBe(winner === 0 ? 'second' : 'first');
    expect(await other.domains.create(winner === 0 ? 'first' : 'second')).toMatchObject({ deleted: null });
  });

  it('a device that meets both at once is one device', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const ident = `imei:49015420323${String(round).padStart(4, '0')}`;
      const found = await Promise.all(gateways.map(({ identify }) => identify(ident, FROM)));
      const ids = found.map((result) => (result.accepted ? result.device.id : 'refused'));
      expect(ids[0]).not.toBe('refused');
      expect(ids[1]).toBe(ids[0]);
    }
    expect((await gateways[0]!.devices.list({ limit: 100 })).devices).toHaveLength(ROUNDS);
  }, 60_000);
});
