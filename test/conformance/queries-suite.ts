import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { seriesOf } from '../../src/devices/device.js';
import { AGGREGATES, type Aggregate } from '../../src/queries/downsample.js';
import { pageOfReadings, type ReadingsQuery } from '../../src/queries/readings.js';
import { openSeries, type Series } from '../../src/series/series.js';
import type { OpenStoreUnderTest, StoreUnderTest } from './store-under-test.js';

/** A minute before the end of a month. */
const MONTH_END = Date.UTC(2026, 9, 31, 23, 59);
const ALL: Omit<ReadingsQuery, 'devices'> = {
  types: [],
  from: undefined,
  to: undefined,
  order: 'oldest',
  fields: undefined,
  area: undefined,
  downsample: undefined,
};

/** What queries of readings do over every store; `runs`: histories that are tried. */
export function queriesSuite(open: OpenStoreUnderTest, runs: number): void {
  let test: StoreUnderTest;
  let series: Series;
  beforeEach(async () => {
    test = await open();
    series = openSeries(test.store, { period: 'month', ttl: () => 0, now: () => test.now, random: Math.random });
  });
  afterEach(() => test.remove());

  /** All pages of a query, of `limit` entries each. */
  async function paged(query: ReadingsQuery, limit: number) {
    const entries = [];
    for (let after: string | undefined; ; ) {
      const page = await pageOfReadings(series, query, { limit, after });
      expect(page.entries.length).toBeLessThanOrEqual(limit);
      entries.push(...page.entries);
      if (page.next === null) return entries;
      after = page.next;
    }
  }

  const times = fc.integer({ min: MONTH_END, max: MONTH_END + 120_000 });
  const readings = fc.array(fc.tuple(fc.nat(2), fc.constantFrom('a', 'b'), times, fc.integer({ min: -5, max: 5 })), {
    maxLength: 60,
  });
  const asked = fc.record({
    types: fc.constantFrom<readonly string[]>([], ['a'], ['a', 'b']),
    from: fc.option(times, { nil: undefined }),
    to: fc.option(times, { nil: undefined }),
    order: fc.constantFrom('oldest' as const, 'newest' as const),
    limit: fc.integer({ min: 1, max: 9 }),
  });
  const downsample = fc.record({
    every: fc.constantFrom(1_000, 7_000, 60_000),
    aggregate: fc.constantFrom(...AGGREGATES),
  });

  interface Known {
    readonly device: string;
    readonly type: string;
    readonly time: number;
    readonly value: number;
  }

  async function stored(rows: readonly (readonly [number, string, number, number])[], devices: readonly string[]) {
    const known = new Map<string, Known>();
    for (const [n, type, time, value] of rows) {
      const device = devices[n] ?? '';
      const { uuid } = await series.add(seriesOf(device), { type, time, data: JSON.stringify({ v: value, w: 'x' }) });
      known.set(`${device} ${type} ${uuid}`, { device, type, time, value });
    }
    return [...known.values()];
  }

  it('pages of many devices are what a model in memory has, without a gap or a double, by time', async () => {
    await fc.assert(
      fc.asyncProperty(readings, asked, async (rows, { limit, ...what }) => {
        const devices = [randomUUID(), randomUUID(), randomUUID()];
        const known = await stored(rows, devices);
        const found = await paged({ ...ALL, ...what, devices, fields: ['v'] }, limit);
        const plain = ({ device, type, time, value }: Known) => `${time} ${device} ${type} ${value}`;
        expect(found.map((one) => plain({ ...one, value: JSON.parse(one.data).v })).sort()).toEqual(
          known.filter(within(what)).map(plain).sort(),
        );
        expect(found.every(({ data }) => data.startsWith('{"v":') && !data.includes('w'))).toBe(true);
        const dates = found.map(({ time }) => (what.order === 'oldest' ? time : -time));
        expect(dates).toEqual([...dates].sort((a, b) => a - b));
      }),
      { numRuns: runs },
    );
  }, 120_000);

  it('periods are what a model in memory computes, whatever the pages', async () => {
    await fc.assert(
      fc.asyncProperty(readings, asked, downsample, async (rows, { limit, ...what }, how) => {
        const devices = [randomUUID(), randomUUID(), randomUUID()];
        const known = (await stored(rows, devices)).filter(within(what));
        const found = await paged({ ...ALL, ...what, devices, downsample: how }, limit);
        const groups = new Map<string, number[]>();
        for (const { device, type, time, value } of known) {
          const key = `${Math.floor(time / how.every) * how.every} ${device} ${type}`;
          groups.set(key, [...(groups.get(key) ?? []), value]);
        }
        expect(new Set(found.map(({ device, type, time }) => `${time} ${device} ${type}`))).toEqual(
          new Set(groups.keys()),
        );
        expect(found).toHaveLength(groups.size);
        for (const { device, type, time, data, count } of found) {
          const values = groups.get(`${time} ${device} ${type}`) ?? [];
          expect(count).toBe(values.length);
          const expected = aggregated(how.aggregate, values);
          if (expected === null) expect(values).toContain(JSON.parse(data).v);
          else expect(how.aggregate === 'count' ? JSON.parse(data) : JSON.parse(data).v).toBeCloseTo(expected, 9);
        }
      }),
      { numRuns: runs },
    );
  }, 120_000);

  it('the first and the last of a period are the same in both orders', async () => {
    const device = randomUUID();
    for (const [second, value] of [
      [1, 'one'],
      [2, 'two'],
      [3, 'three'],
    ] as const)
      await series.add(seriesOf(device), { type: 't', time: MONTH_END + second * 1_000, data: JSON.stringify(value) });
    for (const order of ['oldest', 'newest'] as const) {
      const dataOf = async (aggregate: Aggregate) =>
        (await paged({ ...ALL, devices: [device], order, downsample: { every: 60_000, aggregate } }, 5)).map(
          (e) => e.data,
        );
      expect(await dataOf('first')).toEqual(['"one"']);
      expect(await dataOf('last')).toEqual(['"three"']);
    }
  });

  it('an area takes the places in it, across longitude 180 as well, and nothing without a place', async () => {
    const device = randomUUID();
    const places = [
      { lat: 0, lon: 179 },
      { lat: 0, lon: -179 },
      { lat: 0, lon: 0 },
      { lat: '1.5', lon: '178.5' },
      { sat: 3 },
    ];
    for (const [n, place] of places.entries())
      await series.add(seriesOf(device), { type: 'sen:loc', time: MONTH_END + n, data: JSON.stringify(place) });
    const area = { west: 178, south: -1, east: -178, north: 2 };
    const found = await paged({ ...ALL, devices: [device], area }, 2);
    expect(found.map(({ data }) => JSON.parse(data))).toEqual([places[0], places[1], places[3]]);
    const narrow = await paged({ ...ALL, devices: [device], area: { ...area, west: 179 } }, 2);
    expect(narrow).toHaveLength(2);
  });

  it('a cursor of another query is refused', async () => {
    const device = randomUUID();
    for (let n = 0; n < 3; n++) await series.add(seriesOf(device), { type: 't', time: MONTH_END + n, data: '1' });
    const { next } = await pageOfReadings(series, { ...ALL, devices: [device] }, { limit: 1, after: undefined });
    const after = next ?? '';
    for (const other of [{ order: 'newest' as const }, { types: ['t'] }, { devices: [device, randomUUID()] }])
      await expect(
        pageOfReadings(series, { ...ALL, devices: [device], ...other }, { limit: 1, after }),
      ).rejects.toMatchObject({ code: 'invalid_cursor' });
  });
}

function within({ types, from, to }: Pick<ReadingsQuery, 'types' | 'from' | 'to'>) {
  return ({ type, time }: { readonly type: string; readonly time: number }) =>
    (types.length === 0 || types.includes(type)) && time >= (from ?? time) && time <= (to ?? time);
}

/** null: one of them, which depends on their order. */
function aggregated(aggregate: Aggregate, values: readonly number[]): number | null {
  switch (aggregate) {
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'avg':
      return values.reduce((sum, value) => sum + value, 0) / values.length;
    case 'count':
      return values.length;
    default:
      return null;
  }
}
