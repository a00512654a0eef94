import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { compareTimeUuids, derivedTimeUuid, formatUuid } from '../../src/series/time-uuid.js';
import {
  type KeysOf,
  NODE_CREATED,
  NODE_DELETED,
  type ReadingWrite,
  type RowQuery,
  type Store,
  type Write,
} from '../../src/store/store.js';
import { collected, HOSTILE, type OpenStoreUnderTest, START, type StoreUnderTest } from './store-under-test.js';

/** What every store does with rows. */
export function storeSuite(open: OpenStoreUnderTest): void {
  let test: StoreUnderTest;
  beforeEach(async () => {
    test = await open();
  });
  afterEach(() => test.remove());

  describe('nodes', () => {
    it('have a status and values, and are gone when they are deleted', async () => {
      expect(await test.store.node('/a/')).toBeUndefined();
      await test.store.write([
        { write: 'status', path: '/a/', status: NODE_CREATED },
        { write: 'value', path: '/a/', name: 'x', value: '1' },
        { write: 'value', path: '/a/', name: 'y', value: '' },
        { write: 'value', path: '/a/', name: 'x', value: '2' },
        { write: 'deleteValue', path: '/a/', name: 'nothing' },
      ]);
      expect(await test.store.node('/a/')).toEqual({
        status: NODE_CREATED,
        values: new Map([
          ['x', '2'],
          ['y', ''],
        ]),
      });
      expect(await test.store.node('/a/x/')).toBeUndefined();
      await test.store.write([{ write: 'deleteNode', path: '/a/' }]);
      expect(await test.store.node('/a/')).toBeUndefined();
    });

    it('keep values of any text under names of any text', async () => {
      const values = new Map(HOSTILE.map((name, index) => [name, HOSTILE[HOSTILE.length - 1 - index]!]));
      await test.store.write([
        { write: 'status', path: '/h/', status: NODE_CREATED },
        ...[...values].map(([name, value]): Write => ({ write: 'value', path: '/h/', name, value })),
      ]);
      await test.reopen();
      expect((await test.store.node('/h/'))?.values).toEqual(values);
    });

    it('have a status, with values and without, until they are deleted', async () => {
      await test.store.write([
        { write: 'status', path: '/s/', status: NODE_CREATED },
        { write: 'value', path: '/s/', name: 'a', value: '1' },
        { write: 'value', path: '/v/', name: 'a', value: '1' },
        { write: 'status', path: '/g/', status: NODE_DELETED },
      ]);
      const statuses = () => Promise.all(['/s/', '/v/', '/g/', '/none/'].map((path) => test.store.status(path)));
      expect(await statuses()).toEqual([NODE_CREATED, 0, NODE_DELETED, 0]);
      await test.store.write([{ write: 'deleteNode', path: '/s/' }]);
      await test.reopen();
      expect(await statuses()).toEqual([0, 0, NODE_DELETED, 0]);
    });

    it('have children in the order of their bytes, in pages', async () => {
      await test.store.write(HOSTILE.map((name) => ({ write: 'child', path: '/p/', name })));
      const sorted = [...HOSTILE].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await test.store.children('/p/', undefined, 100)).toEqual(sorted);
      const paged: string[] = [];
      for (let page = await test.store.children('/p/', undefined, 5); page.length > 0; ) {
        paged.push(...page);
        page = await test.store.children('/p/', page.at(-1), 5);
      }
      expect(paged).toEqual(sorted);
      await test.store.write([{ write: 'deleteChild', path: '/p/', name: sorted[0]! }]);
      expect(await test.store.children('/p/', undefined, 100)).toEqual(sorted.slice(1));
      expect(await test.store.children('/', undefined, 100)).toEqual([]);
    });

    it('have values that one of those who claim them gets', async () => {
      const claim = (before: string | undefined, value: string) => test.store.claim('/c/', 'id', before, value);
      const won = await Promise.all(['1', '2', '3', '4'].map((value) => claim(undefined, value)));
      expect(won.filter(Boolean)).toHaveLength(1);
      const winner = String(won.indexOf(true) + 1);
      await test.store.write([{ write: 'status', path: '/c/', status: NODE_CREATED }]);
      expect((await test.store.node('/c/'))?.values).toEqual(new Map([['id', winner]]));
      expect(await claim('other', '5')).toBe(false);
      expect(await claim(winner, '6')).toBe(true);
      await test.reopen();
      expect((await test.store.node('/c/'))?.values).toEqual(new Map([['id', '6']]));
    });

    it('marked as deleted are found, until they are created again or deleted for real', async () => {
      const status = (path: string, to: number): Write => ({ write: 'status', path, status: to });
      await test.store.write(['/a/', '/b/', '/c/', '/d/'].map((path) => status(path, NODE_DELETED)));
      await test.store.write([status('/b/', NODE_CREATED), { write: 'deleteNode', path: '/c/' }]);
      expect(await test.store.deletedNodes(undefined, 10)).toEqual(['/a/', '/d/']);
      expect(await test.store.deletedNodes('/a/', 10)).toEqual(['/d/']);
      expect(await test.store.deletedNodes(undefined, 1)).toEqual(['/a/']);
    });

    it('hold blocks, of no bytes and of many, which are deleted from a number on', async () => {
      const blocks = [Buffer.alloc(0), Buffer.alloc(512 * 1_024, 7), Buffer.from([1, 2, 3])];
      await test.store.write(blocks.map((data, block) => ({ write: 'block', path: '/f/', block, data })));
      await test.reopen();
      for (const [number, data] of blocks.entries())
        expect(Buffer.from((await test.store.block('/f/', number))!).equals(data)).toBe(true);
      await test.store.write([{ write: 'deleteBlocks', path: '/f/', from: 1 }]);
      expect(await test.store.block('/f/', 0)).toHaveLength(0);
      expect(await test.store.block('/f/', 1)).toBeUndefined();
      expect(await test.store.block('/f/', 2)).toBeUndefined();
    });
  });

  it('a batch of nothing is durable, and a large one is whole', async () => {
    await test.store.write([]);
    const readings = Array.from({ length: 20_000 }, (_, n) => reading({ time: START + n, data: String(n) }));
    await test.store.write(readings);
    await test.reopen();
    expect(await collected(test.store.rows(query({})))).toHaveLength(20_000);
  });

  it('how many rows are expected changes nothing of what there is', async () => {
    const types = ['sen:a', 'sen:b', 'sen:c'];
    const readings = Array.from({ length: 3_000 }, (_, n) =>
      reading({ type: types[n % 3] ?? '', time: START + n, data: String(n) }),
    );
    await test.store.write(readings);
    for (const type of [undefined, 'sen:a'])
      for (const order of ['oldest', 'newest'] as const) {
        const all = await collected(test.store.rows(query({ type, order })));
        expect(all).toHaveLength(type ? 1_000 : 3_000);
        for (const expected of [0, 1, 3, 700, 5_000])
          expect(await collected(test.store.rows(query({ type, order, expected })))).toEqual(all);
      }
  });

  it('the sizes of what is stored and of what is left are known', async () => {
    const { used, free } = await test.store.size();
    expect(used).toBeGreaterThanOrEqual(0);
    expect(free).toBeGreaterThan(0);
  });

  it('everything is listed by its key, whatever the key and whatever lies below it, and nothing else', async () => {
    expect(await test.store.keys('series', undefined, 10)).toEqual([]);
    const paths = HOSTILE.map((name) => `/${name}/`);
    await test.store.write([
      ...paths.map((path): Write => ({ write: 'value', path, name: 'x', value: '1' })),
      ...paths.map((path): Write => ({ write: 'status', path, status: NODE_DELETED })),
      ...paths.map((path): Write => ({ write: 'child', path, name: '\uffff' })),
      ...paths.map((path, block): Write => ({ write: 'block', path, block: 256 * block, data: Buffer.of(block) })),
      ...HOSTILE.flatMap((id) => HOSTILE.map((type) => reading({ id, type }))),
    ]);
    // The types of a series are kept where they are not to be taken for a series.
    for (const id of HOSTILE) await test.store.types(id);
    await test.reopen();
    for (const of of ['nodes', 'children', 'blocks'] as const)
      expect((await keysByPages(test.store, of, 5)).sort()).toEqual([...paths].sort());
    expect((await keysByPages(test.store, 'series', 5)).sort()).toEqual([...HOSTILE].sort());
    expect(await test.store.keys('nodes', undefined, 0)).toEqual([]);
    for (const [block, path] of paths.entries()) expect(await test.store.blocks(path)).toEqual([256 * block]);
    expect(await test.store.blocks('/none/')).toEqual([]);
  });

  it('rows say when they expire where that is asked for, to within a second', async () => {
    const { now } = test;
    await test.store.write([
      reading({ data: '1', expires: now + 3_600_500 }),
      reading({ data: '2', time: START + 1 }),
      reading({ data: '3', time: START + 2, expires: now + 10 * 365 * 86_400_000 }),
    ]);
    const found = await collected(test.store.rows(query({ expires: true })));
    expect(found.map(({ expires = -1 }) => (expires === 0 ? 0 : Math.round((expires - now) / 10_000)))).toEqual([
      360,
      0,
      365 * 86_400,
    ]);
    expect((await collected(test.store.rows(query({})))).map(({ expires }) => expires)).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('readings of any text, of no characters and of many, come back as they were', async () => {
    const texts = [...HOSTILE.map((text) => JSON.stringify(text)), '""', JSON.stringify('x'.repeat(300_000))];
    const readings = texts.map((data, n) => reading({ id: `dev-${n}`, type: HOSTILE[n % HOSTILE.length]!, data }));
    await test.store.write(readings);
    await test.reopen();
    for (const { id, type, data } of readings)
      expect(await collected(test.store.rows(query({ id, type })))).toMatchObject([{ type, data }]);
  });

  it('a reading whose time is over is not read any more, and its row is removed', async () => {
    await test.store.write([
      reading({ data: '1', expires: test.now + 1_000 }),
      reading({ data: '2', expires: test.now + 6_000 }),
      reading({ data: '3' }),
    ]);
    await test.pass(2_500);
    expect((await collected(test.store.rows(query({})))).map(({ data }) => data).sort()).toEqual(['2', '3']);
    expect(await test.store.removeExpired(test.now, 10)).toBe(test.lists === 'what is there' ? 1 : 0);
    expect(await test.store.removeExpired(test.now, 10)).toBe(0);
    await test.pass(5_000);
    expect((await collected(test.store.rows(query({})))).map(({ data }) => data)).toEqual(['3']);
  });

  it('does what a model in memory does, through any history', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const fresh = await open();
        const model = new Model();
        try {
          for (const one of steps) {
            if (one === 'reopen') await fresh.reopen();
            else {
              // A reading arrives after whatever was done before it.
              const batch = one.map((write) => (write.write === 'reading' ? { ...write, received: fresh.now } : write));
              model.write(batch);
              await fresh.store.write(batch);
            }
          }
          await expectSame(fresh, model);
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 60 },
    );
  }, 240_000);
}

function reading(given: Partial<Omit<ReadingWrite, 'time'>> & { readonly time?: number }): ReadingWrite {
  const {
    id = 'dev-1',
    type = 'sen:temp',
    data = '1',
    received = START,
    expires = 0,
    time = START,
    period = '2026-11',
  } = given;
  return { write: 'reading', id, type, period, time: derivedTimeUuid(time, type, data), data, received, expires };
}

function query(given: Partial<RowQuery>): RowQuery {
  return { id: 'dev-1', type: undefined, period: '2026-11', from: undefined, to: undefined, order: 'oldest', ...given };
}

const IDS = ['dev-1', 'dev-2'];
const TYPES = ['sen:loc', 'sen:temp'];
const PERIODS = ['2026-10', '2026-11', '2026-11-20'];
const PATHS = ['/a/', '/b/', '/b/c/'];
const NAMES = ['x', 'y', 'é'];
const TIMES = [0, 1, 2, 3].map((n) => START + n);

const pick = <T>(from: readonly T[]) => fc.constantFrom(...from);
const time = fc.record({ at: pick(TIMES), data: pick(['1', '2']) });
const bound = fc
  .option(fc.record({ at: pick(TIMES), type: pick(TYPES) }), { nil: undefined })
  .map((one) => one && derivedTimeUuid(one.at, one.type, '1'));

const write: fc.Arbitrary<Write> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(pick(IDS), pick(TYPES), pick(PERIODS), time)
      .map(([id, type, period, { at, data }]) => reading({ id, type, period, time: at, data })),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      write: fc.constant('deleteReadings' as const),
      id: pick(IDS),
      type: fc.option(pick(TYPES), { nil: undefined }),
      period: pick(PERIODS),
      from: bound,
      to: bound,
    }),
  },
  fc.record({ write: fc.constant('status' as const), path: pick(PATHS), status: pick([NODE_CREATED, NODE_DELETED]) }),
  fc.record({
    write: fc.constant('value' as const),
    path: pick(PATHS),
    name: pick(NAMES),
    value: pick(['', '1', '2']),
  }),
  fc.record({ write: fc.constant('deleteValue' as const), path: pick(PATHS), name: pick(NAMES) }),
  fc.record({ write: fc.constantFrom('child' as const, 'deleteChild' as const), path: pick(PATHS), name: pick(NAMES) }),
  fc.record({
    write: fc.constant('block' as const),
    path: pick(PATHS),
    block: fc.nat(2),
    data: fc.uint8Array({ maxLength: 4 }),
  }),
  fc.record({ write: fc.constant('deleteBlocks' as const), path: pick(PATHS), from: fc.nat(2) }),
  fc.record({ write: fc.constant('deleteNode' as const), path: pick(PATHS) }),
);
const step = fc.oneof(
  { weight: 9, arbitrary: fc.array(write, { minLength: 1, maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constant('reopen' as const) },
);

/** The same store as plain maps. */
class Model {
  readonly statuses = new Map<string, number>();
  readonly values = new Map<string, Map<string, string>>();
  readonly children = new Map<string, Set<string>>();
  readonly blocks = new Map<string, Uint8Array>();
  readonly rows = new Map<string, ReadingWrite>();

  write(batch: readonly Write[]): void {
    for (const one of batch) this.#one(one);
  }

  #one(one: Write): void {
    switch (one.write) {
      case 'reading':
        this.rows.set([one.id, one.type, one.period, formatUuid(one.time)].join(' '), one);
        break;
      case 'deleteReadings':
        for (const [key, row] of this.rows)
          if (row.id === one.id && row.period === one.period && (one.type ?? row.type) === row.type && within(row, one))
            this.rows.delete(key);
        break;
      case 'status':
        this.statuses.set(one.path, one.status);
        break;
      case 'value':
        this.values.set(one.path, (this.values.get(one.path) ?? new Map()).set(one.name, one.value));
        break;
      case 'deleteValue':
        this.values.get(one.path)?.delete(one.name);
        break;
      case 'child':
        this.children.set(one.path, (this.children.get(one.path) ?? new Set()).add(one.name));
        break;
      case 'deleteChild':
        this.children.get(one.path)?.delete(one.name);
        break;
      case 'block':
        this.blocks.set(`${one.path} ${one.block}`, one.data);
        break;
      case 'deleteBlocks':
        for (let block = one.from; block <= 3; block++) this.blocks.delete(`${one.path} ${block}`);
        break;
      case 'deleteNode':
        this.statuses.delete(one.path);
        this.values.delete(one.path);
        break;
    }
  }

  keys(of: KeysOf): string[] {
    const ids = [...this.rows.values()].map(({ id }) => id);
    if (of === 'series') return [...new Set(ids)];
    return PATHS.filter((path) => {
      if (of === 'nodes') return this.statuses.has(path) || (this.values.get(path)?.size ?? 0) > 0;
      if (of === 'children') return (this.children.get(path)?.size ?? 0) > 0;
      return [0, 1, 2].some((block) => this.blocks.has(`${path} ${block}`));
    });
  }

  found({ id, type, period, from, to, order }: RowQuery): ReadingWrite[] {
    const found = [...this.rows.values()].filter(
      (row) => row.id === id && row.period === period && (type ?? row.type) === row.type && within(row, { from, to }),
    );
    found.sort((a, b) => compareTimeUuids(a.time, b.time));
    return order === 'oldest' ? found : found.reverse();
  }
}

function within({ time }: ReadingWrite, { from, to }: Pick<RowQuery, 'from' | 'to'>): boolean {
  return (!from || compareTimeUuids(time, from) >= 0) && (!to || compareTimeUuids(time, to) <= 0);
}

async function keysByPages(store: Store, of: KeysOf, limit: number): Promise<string[]> {
  const all: string[] = [];
  for (let page = await store.keys(of, undefined, limit); page.length > 0; ) {
    expect(page.length).toBeLessThanOrEqual(limit);
    all.push(...page);
    page = await store.keys(of, all.at(-1), limit);
  }
  return all;
}

async function expectSame({ store, lists }: StoreUnderTest, model: Model): Promise<void> {
  const expectListed = (listed: readonly string[], there: readonly string[]) => {
    if (lists === 'what is there') expect([...listed].sort()).toEqual([...new Set(there)].sort());
    else expect(listed).toEqual(expect.arrayContaining([...there]));
  };
  for (const path of PATHS) {
    const status = model.statuses.get(path);
    const values = model.values.get(path) ?? new Map();
    const node = await store.node(path);
    if (status === undefined && values.size === 0) expect(node).toBeUndefined();
    else expect(node).toEqual({ status: status ?? 0, values });
    expect(await store.children(path, undefined, 10)).toEqual([...(model.children.get(path) ?? [])].sort());
    for (const block of [0, 1, 2]) {
      const [found, expected] = [await store.block(path, block), model.blocks.get(`${path} ${block}`)];
      expect(found && [...found]).toEqual(expected && [...expected]);
    }
    expect(await store.blocks(path)).toEqual([0, 1, 2].filter((block) => model.blocks.has(`${path} ${block}`)));
  }
  for (const of of ['nodes', 'children', 'blocks', 'series'] as const) {
    const keys = await keysByPages(store, of, 2);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys).toEqual(expect.arrayContaining(model.keys(of)));
    // What is empty by now may be listed, what never was may not.
    const known: readonly string[] = of === 'series' ? IDS : PATHS;
    expect(known).toEqual(expect.arrayContaining(keys));
    if (of !== 'series') expect(keys.sort()).toEqual(model.keys(of).sort());
  }
  expect(await store.deletedNodes(undefined, 10)).toEqual(
    PATHS.filter((path) => model.statuses.get(path) === NODE_DELETED),
  );
  for (const id of IDS) {
    const own = [...model.rows.values()].filter((row) => row.id === id);
    const types = await store.types(id);
    expect(types).toEqual([...types].sort());
    expectListed(
      types,
      own.map(({ type }) => type),
    );
    for (const type of [undefined, ...TYPES]) {
      const periods = own.filter((row) => (type ?? row.type) === row.type).map(({ period }) => period);
      expectListed(await store.periods(id, type), periods);
      for (const period of PERIODS)
        for (const order of ['oldest', 'newest'] as const)
          for (const [from, to] of [
            [undefined, undefined],
            [derivedTimeUuid(TIMES[1]!, TYPES[0]!, '1'), derivedTimeUuid(TIMES[2]!, TYPES[1]!, '1')],
          ]) {
            const asked = { id, type, period, from, to, order };
            const found = await collected(store.rows(asked));
            const plain = ({
              type,
              time,
              data,
              received,
            }: Omit<ReadingWrite, 'write' | 'id' | 'period' | 'expires'>) => ({
              type,
              time: formatUuid(time),
              data,
              received,
            });
            expect(found.map(plain)).toEqual(model.found(asked).map(plain));
          }
    }
  }
}
