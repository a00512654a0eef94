import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ACCOUNT_KNOWN_FOR, type Credentials, openCredentials } from '../../../src/accounts/credentials.js';
import { type DeviceParts, openDevices } from '../../../src/devices/open.js';
import { openFiles } from '../../../src/files/files.js';
import { openRegistry } from '../../../src/registry/registry.js';
import type { Store } from '../../../src/store/store.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster, openKeyspace } from './keyspaces.js';

const TOKEN = { name: 'x', role: 'operator', domain: null, readOnly: false, expires: null } as const;

describe.skipIf(skipWithout('cassandra'))('accounts of two gateways over one keyspace', () => {
  let cluster: Cluster;
  let keyspace: string;
  let ahead = 0;
  const stores: Store[] = [];
  const gateways: { parts: DeviceParts; credentials: Credentials }[] = [];

  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    const now = () => Date.now() + ahead;
    for (const _ of [1, 2]) {
      const store = await openKeyspace(cluster, keyspace);
      stores.push(store);
      const registry = openRegistry(store);
      const files = openFiles(registry, store);
      const parts = openDevices({ registry, files, now, policy: 'auto', provisionLimit: 0, waitingLimit: 100 });
      const options = { registry, users: parts.users, adminToken: 'm2mp_', now };
      const onTrouble = (error: unknown) => expect.fail(String(error));
      gateways.push({ parts, credentials: openCredentials({ ...options, onTrouble }) });
    }
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    for (const store of stores) await store.close();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
  });

  it('a user that both make at once is made once, and his tokens and sessions hold on both until they are ended on one', async () => {
    const [one, other] = gateways as [(typeof gateways)[0], (typeof gateways)[0]];
    const made = await Promise.allSettled(gateways.map(({ parts }) => parts.users.create('ada')));
    expect(made.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const ada = await one.parts.users.find('ada');
    const id = ada?.id ?? '';
    const password = await one.credentials.passwords.hash('correct horse battery');
    await one.parts.users.update(id, { role: 'operator', domain: null, password });
    const seen = await other.parts.users.find('ada');
    expect(await other.credentials.passwords.check(seen?.password ?? null, 'correct horse battery')).toBe(true);

    const { text, token } = await one.credentials.tokens.create({ ...TOKEN, owner: id });
    const session = await other.credentials.sessions.open(id);
    for (const { credentials } of gateways) {
      expect(await credentials.ofToken(text)).toMatchObject({ name: 'ada', role: 'operator', token: token.id });
      expect(await credentials.ofSession(session.text)).toMatchObject({ name: 'ada', token: null });
    }
    const mine = await other.credentials.tokens.list({ limit: 10, where: ({ owner }) => owner === id });
    expect(mine.tokens.map((one) => one.id)).toEqual([token.id]);
    await other.credentials.tokens.revoke(token.id);
    await one.credentials.sessions.closeAll(id);
    ahead += ACCOUNT_KNOWN_FOR;
    for (const { credentials } of gateways) {
      expect(await credentials.ofToken(text)).toBeNull();
      expect(await credentials.ofSession(session.text)).toBeNull();
    }
    // What was ended does not keep what is begun after it from holding.
    const next = await one.credentials.sessions.open(id);
    expect(await other.credentials.ofSession(next.text)).toMatchObject({ name: 'ada' });
  }, 60_000);
});
