import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { derivedTimeUuid } from '../../../src/series/time-uuid.js';
import { type CopyOptions, runCopy } from '../../../src/store/copy/copy.js';
import { beginning, type CopyState } from '../../../src/store/copy/state.js';
import { openStore } from '../../../src/store/open.js';
import { NODE_CREATED, type Store, StoreAway, type Write } from '../../../src/store/store.js';
import { anyWrite, contentOf } from './histories.js';

const NOW = Date.now();

let directory: string;
let source: Store;
let target: Store;

async function openBoth(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'm2mp-copy-'));
  source = await openStore({ directory: join(directory, 'source'), mapSize: 1 << 28 });
  target = await openStore({ directory: join(directory, 'target'), mapSize: 1 << 28 });
}
async function removeBoth(): Promise<void> {
  await source.close();
  await target.close();
  await rm(directory, { recursive: true, force: true });
}
async function openAfresh(): Promise<void> {
  await removeBoth();
  await openBoth();
}
beforeEach(openBoth);
afterEach(removeBoth);

/** Copies to the end. */
async function copied(options: Partial<CopyOptions> = {}): Promise<CopyState> {
  const state = options.state ?? beginning('copy', 'a', 'b');
  expect(await runCopy({ source, target, save: () => {}, ...options, state })).toBe('done');
  return state;
}

const verified = () => copied({ state: beginning('verify', 'a', 'b') });

function reading(id: string, n: number, expires = 0): Write {
  const time = derivedTimeUuid(NOW - n * 1_000, 't', String(n));
  return { write: 'reading', id, type: 't', period: '2026-11', time, data: String(n), received: NOW, expires };
}

it('takes everything over, whatever the history, and finds the same on both sides', async () => {
  await fc.assert(
    fc
      .asyncProperty(fc.array(anyWrite(NOW), { maxLength: 60 }), async (writes) => {
        await source.write(writes);
        const state = await copied({ state: beginning('copy', 'a', 'b') });
        expect(state.differences).toEqual({ count: 0, first: [] });
        expect(await contentOf(target)).toEqual(await contentOf(source));
      })
      .beforeEach(openAfresh),
    { numRuns: 60 },
  );
}, 120_000);

it('goes on where it was, whenever it is cut off, and writes again no more than was under way', async () => {
  await fc.assert(
    fc
      .asyncProperty(
        fc.array(anyWrite(NOW), { maxLength: 40 }),
        fc.array(fc.nat(6), { maxLength: 8 }),
        async (writes, cuts) => {
          await source.write(writes);
          // What the file would hold.
          let saved = structuredClone(beginning('copy', 'a', 'b'));
          for (const calls of [...cuts, Number.POSITIVE_INFINITY]) {
            // Nothing is done any more from the cut on, as if the process had been killed: what is on disk stays.
            let left = calls;
            let cut = false;
            const fails = () => {
              cut ||= left-- <= 0;
              if (cut) throw new Error('cut off');
            };
            const dying: Store = {
              ...target,
              write: async (batch) => {
                fails();
                await target.write(batch);
                fails();
              },
            };
            const state = structuredClone(saved);
            const save = (one: CopyState) => {
              if (!cut) saved = structuredClone(one);
            };
            await runCopy({ source, target: dying, state, save, saveEvery: 0 }).catch((error: Error) => {
              expect(error.message).toBe('cut off');
            });
          }
          expect(saved.differences).toEqual({ count: 0, first: [] });
          expect(await contentOf(target)).toEqual(await contentOf(source));
        },
      )
      .beforeEach(openAfresh),
    { numRuns: 40 },
  );
}, 120_000);

it('goes on within a period: no reading that was kept track of is written again', async () => {
  await source.write(Array.from({ length: 10_000 }, (_, n) => reading('dev-1', n)));
  let writes = 0;
  const counted: Store = {
    ...target,
    async write(batch) {
      await target.write(batch);
      writes += batch.length;
    },
  };
  let isStopped = false;
  const state = beginning('copy', 'a', 'b');
  const save = (one: CopyState) => {
    isStopped = one.written.readings >= 4_000;
  };
  const outcome = runCopy({ source, target: counted, state, save, saveEvery: 0, isStopped: () => isStopped });
  expect(await outcome).toBe('stopped');
  expect(writes).toBeLessThan(6_000);
  await copied({ state, target: counted });
  // The reading it went on from is written again.
  expect(writes).toBe(10_001);
  expect(state.differences.count).toBe(0);
});

it('waits for a store that is away, and gives up when it stays away', async () => {
  await source.write([reading('dev-1', 1), { write: 'status', path: '/a/', status: NODE_CREATED }]);
  let failures = 0;
  const limping: Store = {
    ...target,
    write: async (batch) => {
      if (failures++ < 5) throw new StoreAway('no node answers');
      await target.write(batch);
    },
  };
  const waits: number[] = [];
  const sleep = async (ms: number) => void waits.push(ms);
  const state = await copied({ target: limping, sleep });
  expect(waits.length).toBe(5);
  expect(state.differences.count).toBe(0);
  let now = 0;
  const gone: Store = { ...target, node: () => Promise.reject(new StoreAway('no node answers')) };
  const given = runCopy({
    source,
    target: gone,
    state: beginning('verify', 'a', 'b'),
    save: () => {},
    now: () => now,
    async sleep(ms) {
      now += ms;
    },
    patience: 20_000,
  });
  await expect(given).rejects.toThrow(StoreAway);
  expect(now).toBeGreaterThan(20_000);
});

describe('names what differs', () => {
  beforeEach(async () => {
    const { write } = source;
    await write([
      { write: 'status', path: '/a/', status: NODE_CREATED },
      { write: 'value', path: '/a/', name: 'x', value: '1' },
      { write: 'child', path: '/', name: 'a' },
      { write: 'block', path: '/a/', block: 0, data: Buffer.from('1') },
      reading('dev-1', 1),
      reading('dev-1', 2, NOW + 86_400_000),
    ]);
    expect((await copied()).differences.count).toBe(0);
  });

  it.each<[string, Write[], string[]]>([
    ['a status', [{ write: 'status', path: '/a/', status: 5 }], ['node "/a/": status 100 in the source, 5']],
    ['a value', [{ write: 'value', path: '/a/', name: 'x', value: '2' }], ['1 of 1 values differ, such as "x"']],
    ['a node too many', [{ write: 'status', path: '/b/', status: 5 }], ['node "/b/": status none in the source, 5']],
    ['a child', [{ write: 'child', path: '/', name: '0' }], ['"a" in the source, "0" in the target']],
    ['a child too few', [{ write: 'deleteChild', path: '/', name: 'a' }], ['"a" in the source, none in the target']],
    ['a parent too many', [{ write: 'child', path: '/b/', name: '0' }], ['children of "/b/"']],
    [
      'a block',
      [{ write: 'block', path: '/a/', block: 0, data: Buffer.from('2') }],
      ['block 0 of "/a/": 1 bytes in the source, 1 bytes in the target, with other bytes'],
    ],
    ['a block too many', [{ write: 'block', path: '/b/', block: 3, data: Buffer.from('2') }], ['block 3 of "/b/"']],
    [
      'a reading too many',
      [reading('dev-1', 3)],
      ['series "dev-1", 2026-11: "t" in the source and in the target: 2 and 3'],
    ],
    [
      'a reading with other data',
      [{ ...reading('dev-1', 1), data: '9' } as Write],
      ['2 readings each, but not the same'],
    ],
    ['a reading that came at another time', [{ ...reading('dev-1', 1), received: 5 } as Write], ['not the same']],
    ['another time to live', [reading('dev-1', 2)], ['other times to live (1 and 0 expire)']],
    [
      'a series too many',
      [reading('dev-2', 3)],
      ['series "dev-2", 2026-11: "t" in the source and in the target: 0 and 1'],
    ],
  ])('%s', async (_, writes, expected) => {
    await target.write(writes);
    const { differences } = await verified();
    expect(differences.count).toBe(1);
    for (const [index, one] of expected.entries()) expect(differences.first[index]).toContain(one);
  });

  it('until it is copied again, where nothing is too many', async () => {
    await target.write([{ ...reading('dev-1', 1), data: '9' } as Write]);
    expect((await verified()).differences.count).toBe(1);
    await copied({ state: beginning('copy', 'a', 'b') });
    expect((await verified()).differences.count).toBe(0);
  });
});

it('what the target can never take is named, and the rest is copied', async () => {
  const tooLong = 'x'.repeat(3_000);
  const rows = [reading(tooLong, 1), reading('dev-1', 2)];
  const odd: Store = {
    ...source,
    keys: async (of, after) => (of === 'series' && after === undefined ? [tooLong, 'dev-1'] : []),
    periods: async () => ['2026-11'],
    async *rows({ id }) {
      for (const row of rows) if (row.write === 'reading' && row.id === id) yield row;
    },
  };
  const state = await copied({ source: odd });
  expect(state.refused.count).toBe(1);
  expect(state.refused.first[0]).toContain('of series "xxx');
  expect(state.differences.count).toBe(1);
  expect(await target.periods('dev-1', undefined)).toEqual(['2026-11']);
});
