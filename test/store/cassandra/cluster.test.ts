import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDurability, type Durability, throughBarrier } from '../../../src/ingest/durability.js';
import { openSeries, type Series } from '../../../src/series/series.js';
import { initCassandra, openStore } from '../../../src/store/open.js';
import type { Store } from '../../../src/store/store.js';
import { collected } from '../../conformance/store-under-test.js';
import { addressOf, SERVICE_TIMEOUT, type Service, skipWithout, startCassandra } from '../../services/services.js';
import { DATACENTER, untilItWorks } from './keyspaces.js';

const DEVICES = 20;
/** Milliseconds within which 99 of 100 readings are durable while one of three nodes is gone or hangs. */
const AT_MOST = 3_000;

describe.skipIf(skipWithout('cassandra'))('three nodes with three copies', () => {
  const nodes: Service[] = [];
  let store: Store;
  let durability: Durability;
  let series: Series;
  const failures: Error[] = [];
  const acknowledged = new Map<string, Set<string>>();

  beforeAll(async () => {
    for (const n of [11, 12, 13])
      nodes.push(await startCassandra({ name: `node${n}`, address: addressOf(n), seed: addressOf(11), synced: true }));
    const session = {
      contactPoints: nodes.map(({ address }) => address),
      datacenter: DATACENTER,
      keyspace: 'm2mp',
      write: 'LOCAL_QUORUM' as const,
      read: 'LOCAL_QUORUM' as const,
    };
    await untilItWorks(() => initCassandra(session, new Map([[DATACENTER, 3]])));
    store = await openStore({ cassandra: { ...session, allowStaleReads: false, onLargePartition: () => {} } });
    durability = createDurability({
      store,
      maxQueuedWrites: 1_000_000,
      maxQueuedBytes: 1 << 28,
      maxBatchWrites: 5_000,
      retryAfter: 200,
      onRoom: () => {},
      onTrouble: () => {},
      onFailure: (error) => failures.push(error),
      onCommit: () => {},
    });
    series = openSeries(throughBarrier(store, durability), {
      period: 'month',
      ttl: () => 0,
      now: Date.now,
      random: Math.random,
    });
  }, 2 * SERVICE_TIMEOUT);
  afterAll(async () => {
    await store?.close();
    for (const node of nodes) node.stop();
  });

  let count = 0;
  /** Sends readings for a while; resolves to the ms in which 99 of 100 became durable. */
  async function send(ms: number, rounds: Promise<unknown>[] = []): Promise<number> {
    const times: number[] = [];
    const until = performance.now() + ms;
    while (performance.now() < until) {
      const started = performance.now();
      rounds.push(
        ...Array.from({ length: DEVICES }, async (_, device) => {
          const id = `dev-${device}`;
          const { uuid } = await series.add(id, { type: 'n', time: Date.UTC(2026, 10, 1) + count, data: `${count++}` });
          const of = acknowledged.get(id) ?? new Set();
          acknowledged.set(id, of.add(uuid));
          times.push(performance.now() - started);
        }),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await Promise.all(rounds);
    return times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)] ?? 0;
  }

  async function expectNothingLost(): Promise<void> {
    for (const [id, uuids] of acknowledged) {
      const found = new Set((await collected(series.read({ id, order: 'oldest' }))).map(({ uuid }) => uuid));
      expect([...uuids].filter((uuid) => !found.has(uuid))).toEqual([]);
    }
    expect(failures).toEqual([]);
  }

  it('go on when one is killed, and when it is back', async () => {
    await send(1_000);
    const sending = send(4_000);
    nodes[1]!.signal('SIGKILL');
    expect(await sending).toBeLessThan(AT_MOST);
    await nodes[1]!.restart();
    await send(1_000);
    await expectNothingLost();
  }, 180_000);

  it('go on when one hangs: reads and writes are asked of the others', async () => {
    const sending = send(6_000);
    nodes[2]!.signal('SIGSTOP');
    const reading = performance.now();
    await expectNothingLost();
    const read = (performance.now() - reading) / acknowledged.size;
    expect(await sending).toBeLessThan(AT_MOST);
    nodes[2]!.signal('SIGCONT');
    expect(read).toBeLessThan(2_000);
    await send(500);
    await expectNothingLost();
  }, 180_000);

  it('store nothing while two are gone, and all of it when one of them is back', async () => {
    await send(500);
    const before = durability.durable;
    nodes[1]!.signal('SIGKILL');
    nodes[2]!.signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 500));
    const later: Promise<unknown>[] = [];
    const sending = send(1_000, later);
    await waitFor(() => durability.trouble !== null);
    const stuckAt = durability.durable;
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(durability.durable).toBe(stuckAt);
    expect(durability.trouble).toMatch(/Cassandra/);
    await nodes[1]!.restart();
    await sending;
    expect(durability.trouble).toBeNull();
    expect(durability.durable).toBeGreaterThan(before);
    await expectNothingLost();
  }, 180_000);
});

async function waitFor(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 20));
}
