import fc from 'fast-check';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  openSeries,
  type Reading,
  type ReadingQuery,
  type Series,
  type SeriesOptions,
} from '../../src/series/series.js';
import { collected, type OpenStoreUnderTest, START, type StoreUnderTest } from './store-under-test.js';

const ID = 'dev-1';
const DAY = 24 * 3_600_000;
/** Five minutes before the end of a month. */
const MONTH_END = Date.UTC(2026, 9, 31, 23, 55);

/** What time series do over every store. */
export function seriesSuite(open: OpenStoreUnderTest): void {
  let test: StoreUnderTest;
  let series: Series;
  const seriesOver = (own: StoreUnderTest, options: Partial<SeriesOptions> = {}) =>
    openSeries(own.store, { period: 'month', ttl: () => 0, now: () => own.now, random: Math.random, ...options });
  beforeEach(async () => {
    test = await open();
    series = seriesOver(test);
  });
  afterEach(() => test.remove());

  const add = (type: string, time: number | null, data: unknown) =>
    series.add(ID, { type, time, data: JSON.stringify(data) });
  const read = async (query: Partial<ReadingQuery>) =>
    (await collected(series.read({ id: ID, order: 'oldest', ...query }))).map(({ data }) => JSON.parse(data));

  it('are read in both orders over the ends of periods, all types merged or one', async () => {
    for (let n = 0; n < 10; n++) await add(n % 2 ? 'odd' : 'even', MONTH_END + n * 60_000, n);
    expect(await read({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(await read({ order: 'newest' })).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    expect(await read({ type: 'odd' })).toEqual([1, 3, 5, 7, 9]);
    expect(await read({ type: 'none' })).toEqual([]);
    expect(await read({ id: 'dev-2' })).toEqual([]);
  });

  it('from and to are inclusive', async () => {
    for (let n = 0; n < 10; n++) await add('t', MONTH_END + n * 60_000, n);
    expect(await read({ from: MONTH_END + 3 * 60_000, to: MONTH_END + 6 * 60_000 })).toEqual([3, 4, 5, 6]);
    expect(await read({ from: MONTH_END + 3 * 60_000 + 1 })).toEqual([4, 5, 6, 7, 8, 9]);
    expect(await read({ to: MONTH_END + 6 * 60_000 - 1, order: 'newest' })).toEqual([5, 4, 3, 2, 1, 0]);
  });

  it('the same reading written again is one reading', async () => {
    const first = await add('t', START, { lat: 1 });
    const again = await add('t', START, { lat: 1 });
    expect(again.uuid).toBe(first.uuid);
    expect((await add('t', START, { lat: 2 })).uuid).not.toBe(first.uuid);
    expect(await read({})).toHaveLength(2);
  });

  it('those dated by the gateway are in the order of their arrival, however many in a millisecond', async () => {
    for (let n = 0; n < 50; n++) await add('t', null, n);
    expect(await read({})).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('periods of months and of days read back as one series', async () => {
    const daily = seriesOver(test, { period: 'day' });
    for (let n = 0; n < 8; n++)
      await (n % 2 ? daily : series).add(ID, { type: 't', time: MONTH_END - 2 * DAY + n * DAY, data: String(n) });
    expect(await read({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(await read({ order: 'newest' })).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it('the latest is the newest by its own date that was not dated in the future', async () => {
    await add('t', START - 1_000, 'old');
    await add('t', START, 'now');
    await add('t', START + 3_600_000, 'ahead');
    await add('u', START - 5_000, 'other');
    expect((await series.latest(ID, 't', START))?.data).toBe('"now"');
    expect((await series.latestOfEach(ID, START)).map(({ type, data }) => [type, data])).toEqual([
      ['t', '"now"'],
      ['u', '"other"'],
    ]);
    expect(await series.latest(ID, 'none', START)).toBeUndefined();
  });

  it('live as long as their type does', async () => {
    series = seriesOver(test, { ttl: (type) => (type === 'short' ? 1 : 0) });
    await add('short', START, 1);
    await add('long', START, 2);
    await test.pass(2_500);
    expect(await read({})).toEqual([2]);
  });

  it('are deleted one by one, by range, by period and all', async () => {
    const readings: Reading[] = [];
    for (let n = 0; n < 10; n++) readings.push(await add(n % 2 ? 'odd' : 'even', MONTH_END + n * 60_000, n));
    await series.deleteReading(ID, 'odd', readings[1]!.uuid);
    expect(await read({})).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9]);
    await series.deleteRange(ID, 'even', MONTH_END + 2 * 60_000, MONTH_END + 6 * 60_000);
    expect(await read({})).toEqual([0, 3, 5, 7, 8, 9]);
    await series.deletePeriod(ID, undefined, '2026-11');
    expect(await read({})).toEqual([0, 3]);
    await series.deleteSeries(ID);
    expect(await read({})).toEqual([]);
  });

  it.each([
    ['type', { type: '', time: START, data: '1' }],
    ['type', { type: 'x'.repeat(256), time: START, data: '1' }],
    ['time', { type: 'x', time: Number.NaN, data: '1' }],
  ])('refuse a wrong %s', async (what, wrong) => {
    await expect(async () => series.add(ID, wrong)).rejects.toMatchObject({ code: `invalid_${what}` });
  });

  it('a cursor of another query is refused', async () => {
    for (let n = 0; n < 3; n++) await add('t', START + n, n);
    const { next } = await series.page({ id: ID, order: 'oldest', limit: 1 });
    const wrong = series.page({ id: ID, order: 'newest', limit: 1, after: next! });
    await expect(wrong).rejects.toMatchObject({ code: 'invalid_cursor' });
    await expect(series.page({ id: ID, order: 'oldest', limit: 1, after: 'x' })).rejects.toMatchObject({
      code: 'invalid_cursor',
    });
  });

  it('pages of any size give what a model in memory gives, whatever was written, in whatever order, through restarts', async () => {
    const times = fc.integer({ min: MONTH_END - 2 * DAY, max: MONTH_END + 2 * DAY });
    const writes = fc.array(fc.tuple(fc.constantFrom('a', 'b'), times, fc.nat(3)), { maxLength: 40 });
    const asked = fc.record({
      type: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
      order: fc.constantFrom('oldest' as const, 'newest' as const),
      from: fc.option(times, { nil: undefined }),
      to: fc.option(times, { nil: undefined }),
      limit: fc.integer({ min: 1, max: 7 }),
    });
    await fc.assert(
      fc.asyncProperty(writes, asked, fc.constantFrom('month' as const, 'day' as const), async (all, query, period) => {
        const fresh = await open();
        try {
          let own = seriesOver(fresh, { period });
          const model = new Map<string, { type: string; time: number; data: string; uuid: string }>();
          for (const [type, time, n] of all) {
            const reading = await own.add(ID, { type, time, data: String(n) });
            model.set(`${type} ${reading.uuid}`, { type, time, data: String(n), uuid: reading.uuid });
          }
          await fresh.reopen();
          own = seriesOver(fresh, { period: period === 'day' ? 'month' : 'day' });
          const found: Reading[] = [];
          for (let after: string | undefined; ; ) {
            const page = await own.page({ id: ID, ...query, after });
            expect(page.readings.length).toBeLessThanOrEqual(query.limit);
            found.push(...page.readings);
            if (page.next === null) break;
            after = page.next;
          }
          const expected = [...model.values()].filter(
            ({ type, time }) =>
              (query.type ?? type) === type && time >= (query.from ?? time) && time <= (query.to ?? time),
          );
          const plain = ({ type, time, data }: { type: string; time: number; data: string }) =>
            `${time} ${type} ${data}`;
          expect(found.map(plain).sort()).toEqual(expected.map(plain).sort());
          const dates = found.map(({ time }) => (query.order === 'oldest' ? time : -time));
          expect(dates).toEqual([...dates].sort((a, b) => a - b));
        } finally {
          await fresh.remove();
        }
      }),
      { numRuns: 60 },
    );
  }, 240_000);
}
