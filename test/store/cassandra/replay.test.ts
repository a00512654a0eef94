import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSpooledDurability } from '../../../src/ingest/spooled.js';
import { openSeries, type Series } from '../../../src/series/series.js';
import { openSpool } from '../../../src/spool/spool.js';
import type { ReadingWrite, Store } from '../../../src/store/store.js';
import { collected } from '../../conformance/store-under-test.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { numbers, readingOf } from '../../spool/readings.js';
import { type Cluster, createKeyspace, dropKeyspace, openCluster, openKeyspace } from './keyspaces.js';

const ARRIVED = Date.UTC(2026, 10, 20, 12);

describe.skipIf(skipWithout('cassandra'))('readings that come to Cassandra late, out of a spool', () => {
  let cluster: Cluster;
  let keyspace: string;
  let root: string;
  let store: Store;
  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    root = await mkdtemp(join(tmpdir(), 'm2mp-replay-'));
    store = await openKeyspace(cluster, keyspace);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await store?.close();
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await rm(root, { recursive: true });
  });

  const seriesOver = (over: Store): Series =>
    openSeries(over, { period: 'month', ttl: () => 0, now: Date.now, random: Math.random });
  const all = (id: string) => collected(seriesOver(store).read({ id, order: 'oldest' }));
  const readings = (id: string, from: number, to: number) =>
    numbers(from, to).map((n) => readingOf(n, { id, received: ARRIVED + n }));

  /** A spool as a kill leaves it: all of it is there, though the store has it already, or a part of it. */
  async function replay(name: string, writes: readonly ReadingWrite[]): Promise<void> {
    const open = () => openSpool({ directory: join(root, name), maxBytes: 16 << 20, now: Date.now, onTorn: () => {} });
    const before = await open();
    await before.append(writes);
    await before.close();
    const spool = await open();
    // Of a process that knows nothing of what the one before it did.
    const fresh = await openKeyspace(cluster, keyspace);
    const durability = createSpooledDurability({
      store: fresh,
      spool,
      durable: 'spool',
      maxQueuedWrites: 100,
      maxQueuedBytes: 1 << 20,
      maxBatchWrites: 50,
      retryAfter: 100,
      onRoom: () => {},
      onTrouble: () => {},
      onSpooling: () => {},
      onFailure: (error) => {
        throw error;
      },
      onCommit: () => {},
    });
    await expect.poll(() => spool.depth.readings, { timeout: 15_000 }).toBe(0);
    await durability.drain();
    await spool.close();
    await fresh.close();
  }

  it('change nothing when they come twice, and say when they arrived first', async () => {
    const writes = readings('dev-1', 0, 500);
    await store.write(writes.slice(0, 300));
    await replay('once', writes);
    const once = await all('dev-1');
    await replay('twice', writes);
    expect(await all('dev-1')).toEqual(once);
    expect(once.map(({ received }) => received)).toEqual(writes.map(({ received }) => received));
  });

  it('do not bring back what was deleted meanwhile', async () => {
    const writes = readings('dev-2', 0, 50);
    await store.write(writes);
    await seriesOver(store).deleteSeries('dev-2');
    await replay('deleted', writes);
    expect(await all('dev-2')).toEqual([]);
  });
});
