import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDurability, throughBarrier } from '../../../src/ingest/durability.js';
import { openSeries } from '../../../src/series/series.js';
import { initCassandra, openStore } from '../../../src/store/open.js';
import { NODE_CREATED, type Store, StoreAway, StoreFailed } from '../../../src/store/store.js';
import { collected } from '../../conformance/store-under-test.js';
import { addressOf, SERVICE_TIMEOUT, type Service, skipWithout, startCassandra } from '../../services/services.js';
import { DATACENTER, untilItWorks } from './keyspaces.js';

describe.skipIf(skipWithout('cassandra'))('a node of its own, with TLS and credentials', () => {
  let node: Service;
  let store: Store;
  beforeAll(async () => {
    node = await startCassandra({ name: 'guarded', address: addressOf(9), guarded: true, synced: true });
    await untilItWorks(() => initCassandra(session(), new Map([[DATACENTER, 1]])));
    store = await openStore({ cassandra: { ...session(), allowStaleReads: false, onLargePartition: () => {} } });
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await store?.close();
    node?.stop();
  });

  const session = (changed: { password?: string; tls?: { ca: string } | undefined } = {}) => ({
    contactPoints: [node.address],
    datacenter: DATACENTER,
    keyspace: 'm2mp',
    write: 'LOCAL_QUORUM' as const,
    read: 'LOCAL_QUORUM' as const,
    credentials: { username: 'cassandra', password: changed.password ?? 'cassandra' },
    tls: 'tls' in changed ? changed.tls : { ca: join(node.directory, 'node.pem') },
  });
  const seriesOver = (over: Store) =>
    openSeries(over, { period: 'month', ttl: () => 0, now: Date.now, random: Math.random });
  const reading = (n: number) => ({ type: 't', time: Date.UTC(2026, 10, 20) + n, data: String(n) });

  it('lets in whoever has the password and trusts its certificate, nobody else', async () => {
    await seriesOver(store).add('dev-0', reading(0));
    for (const wrong of [session({ password: 'wrong' }), session({ tls: undefined }), session({ tls: { ca: '' } })])
      await expect(initCassandra(wrong, new Map([[DATACENTER, 1]]))).rejects.toMatchObject({ code: 'away' });
  });

  it('is waited for while it is gone: the barrier says why, and all is durable once it is back', async () => {
    const troubles: (string | null)[] = [];
    const failures: Error[] = [];
    const durability = createDurability({
      store,
      maxQueuedWrites: 100_000,
      maxQueuedBytes: 1 << 26,
      maxBatchWrites: 1_000,
      retryAfter: 200,
      onRoom: () => {},
      onTrouble: (why) => troubles.push(why),
      onFailure: (error) => failures.push(error),
      onCommit: () => {},
    });
    const series = seriesOver(throughBarrier(store, durability));
    await series.add('dev-1', reading(0));
    node.signal('SIGKILL');
    let durable = 0;
    const all = Array.from({ length: 5_000 }, (_, n) => series.add('dev-1', reading(n)).then(() => durable++));
    await waitFor(() => durability.trouble !== null);
    expect(durability.trouble).toMatch(/Cassandra/);
    await expect(collected(series.read({ id: 'dev-1', order: 'oldest' }))).rejects.toBeInstanceOf(StoreAway);
    const durableWhileGone = durable;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    expect(durable).toBe(durableWhileGone);
    await node.restart();
    await Promise.all(all);
    expect(await collected(series.read({ id: 'dev-1', order: 'oldest' }))).toHaveLength(5_000);
    expect(troubles.at(-1)).toBeNull();
    expect(failures).toEqual([]);
  }, 120_000);

  it('a write that is refused for ever is no trouble to wait for', async () => {
    const path = `/${'x'.repeat(70_000)}/`;
    await expect(store.write([{ write: 'status', path, status: NODE_CREATED }])).rejects.toBeInstanceOf(StoreFailed);
  });
});

async function waitFor(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}
