import { afterAll, beforeAll, describe } from 'vitest';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import {
  type Cluster,
  createKeyspace,
  dropKeyspace,
  emptyKeyspace,
  openCluster,
  openKeyspace,
} from '../store/cassandra/keyspaces.js';
import { filesSuite } from './files-suite.js';
import { queriesSuite } from './queries-suite.js';
import { registrySuite } from './registry-suite.js';
import { seriesSuite } from './series-suite.js';
import { storeSuite } from './store-suite.js';
import { START, type StoreUnderTest } from './store-under-test.js';

describe.skipIf(skipWithout('cassandra'))('Cassandra', () => {
  let cluster: Cluster;
  const keyspaces: string[] = [];
  const empty: string[] = [];
  // Cassandra's clock cannot be turned: it starts at START with the first test, and goes on.
  const started = performance.now();
  const now = () => START + Math.floor(performance.now() - started);

  beforeAll(async () => {
    cluster = await openCluster();
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    for (const keyspace of keyspaces) await dropKeyspace(cluster, keyspace);
    await cluster.close();
  });

  async function openCassandraUnderTest(): Promise<StoreUnderTest> {
    const keyspace = empty.pop() ?? (await createKeyspace(cluster));
    if (!keyspaces.includes(keyspace)) keyspaces.push(keyspace);
    const test: StoreUnderTest = {
      store: await openKeyspace(cluster, keyspace, now),
      lists: 'what was there',
      get now() {
        return now();
      },
      pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      async reopen() {
        await test.store.close();
        test.store = await openKeyspace(cluster, keyspace, now);
      },
      async remove() {
        await test.store.close();
        await emptyKeyspace(cluster, keyspace);
        empty.push(keyspace);
      },
    };
    return test;
  }

  describe('as a store', () => storeSuite(openCassandraUnderTest));
  describe('under the registry', () => registrySuite(openCassandraUnderTest));
  describe('under series', () => seriesSuite(openCassandraUnderTest));
  describe('under queries', () => queriesSuite(openCassandraUnderTest, 4));
  describe('under files', () => filesSuite(openCassandraUnderTest));
});
