import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { derivedTimeUuid } from '../../../src/series/time-uuid.js';
import { runCopy } from '../../../src/store/copy/copy.js';
import { beginning, type CopyState } from '../../../src/store/copy/state.js';
import { openStore } from '../../../src/store/open.js';
import type { Store, Write } from '../../../src/store/store.js';
import { m2mp } from '../../cli/program.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import {
  type Cluster,
  createKeyspace,
  dropKeyspace,
  emptyKeyspace,
  openCluster,
  openKeyspace,
} from '../cassandra/keyspaces.js';
import { anyWrite, contentOf } from './histories.js';

const NOW = Date.now();

describe.skipIf(skipWithout('cassandra'))('between LMDB and Cassandra', () => {
  let cluster: Cluster;
  let keyspace: string;
  let folder: string;

  beforeAll(async () => {
    cluster = await openCluster();
    keyspace = await createKeyspace(cluster);
    folder = await mkdtemp(join(tmpdir(), 'm2mp-copy-cassandra-'));
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await dropKeyspace(cluster, keyspace);
    await cluster.close();
    await rm(folder, { recursive: true });
  });

  let opened = 0;
  const newLmdb = () => openStore({ directory: join(folder, `lmdb-${opened++}`), mapSize: 1 << 28 });

  async function copied(source: Store, target: Store): Promise<CopyState> {
    const state = beginning('copy', 'a', 'b');
    expect(await runCopy({ source, target, state, save: () => {} })).toBe('done');
    return state;
  }

  it('all comes over, and comes back, whatever the history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyWrite(NOW), { maxLength: 40 }), async (writes) => {
        // Opened each time: one that is open knows which periods it has listed, and the tables are emptied behind it.
        const [source, middle, target] = [await newLmdb(), await openKeyspace(cluster, keyspace), await newLmdb()];
        try {
          await source.write(writes);
          expect((await copied(source, middle)).differences).toEqual({ count: 0, first: [] });
          expect(await contentOf(middle)).toEqual(await contentOf(source));
          expect((await copied(middle, target)).differences).toEqual({ count: 0, first: [] });
          expect(await contentOf(target)).toEqual(await contentOf(source));
        } finally {
          await Promise.all([source, middle, target].map((store) => store.close()));
          await emptyKeyspace(cluster, keyspace);
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 120_000);

  it('by the command, there and back, with what differs named', async () => {
    const directory = join(folder, 'by-command');
    const source = await openStore({ directory, mapSize: 1 << 28 });
    for (let device = 0; device < 20; device++)
      await source.write(Array.from({ length: 150 }, (_, n) => reading(`dev-${device}`, n)));
    await source.close();
    const address = `cassandra:${cluster.session.contactPoints[0]}/${keyspace}`;
    const copy = (from: string, to: string, ...more: string[]) =>
      m2mp(['store', 'copy', '--from', from, '--to', to, '--state', join(folder, 'state'), ...more]);
    const there = await copy(`lmdb:${directory}`, address);
    expect(there).toMatchObject({ code: 0 });
    expect(there.out).toContain('compared  3000 readings of 20 series, 0 nodes: no differences');
    const back = await copy(address, `lmdb:${join(folder, 'back')}`);
    expect(back).toMatchObject({ code: 0 });
    expect(back.out).toContain('copied    3000 readings');

    // As if a reading of one of its two places were lost.
    await cluster.client.execute(
      `DELETE FROM ${keyspace}.timeseries WHERE id = ? AND date = ?`,
      ['dev-3!sen:temp', '2026-11'],
      { prepare: true },
    );
    const differs = await copy(`lmdb:${directory}`, address, '--verify');
    expect(differs.code).toBe(1);
    expect(differs.out).toContain('1 differences');
    expect(differs.out).toContain(
      'series "dev-3", 2026-11: "sen:temp" in the target, read over all types and by itself',
    );
  }, 120_000);
});

function reading(id: string, n: number): Write {
  const time = derivedTimeUuid(NOW - n * 1_000, 'sen:temp', String(n));
  return {
    write: 'reading',
    ...{ id, time, type: 'sen:temp', period: '2026-11' },
    ...{ data: String(n), received: NOW, expires: 0 },
  };
}
