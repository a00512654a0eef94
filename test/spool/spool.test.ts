import { copyFile, mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSpoolStatus } from '../../src/spool/directory.js';
import { SEGMENT_BYTES } from '../../src/spool/segment-writer.js';
import { openSpool, type Spool, type SpooledRecord } from '../../src/spool/spool.js';
import { StoreFull } from '../../src/store/store.js';
import { numberOf, numbers, readingOf } from './readings.js';

/** What a loaded machine takes. */
const PATIENTLY = { timeout: 15_000 };

let root: string;
let directory: string;
const torn: number[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2mp-spool-'));
  directory = join(root, 'spool');
  torn.length = 0;
});
afterEach(() => rm(root, { recursive: true }));

const opened = (over: { maxBytes?: number; directory?: string } = {}): Promise<Spool> =>
  openSpool({ directory, maxBytes: 64 << 20, now: () => 1_000, onTorn: (_, bytes) => torn.push(bytes), ...over });
const readings = (from: number, to: number, size = 0) => numbers(from, to).map((n) => readingOf(n, { size }));
const segments = async (of = directory) => (await readdir(of)).filter((name) => name.endsWith('.seg')).sort();

async function readAll(spool: Spool): Promise<SpooledRecord[]> {
  const records: SpooledRecord[] = [];
  for (let record = await spool.read(); record; record = await spool.read()) records.push(record);
  return records;
}
const numbersIn = (records: readonly SpooledRecord[]) => records.flatMap((record) => record.readings.map(numberOf));

describe('the spool', () => {
  it('gives back what was appended, in order, and after it was closed too', async () => {
    const spool = await opened();
    for (const from of [0, 10, 20]) await spool.append(readings(from, from + 10));
    expect(spool.depth).toMatchObject({ readings: 30, segments: 1, oldest: 1_000 });
    expect(numbersIn(await readAll(spool))).toEqual(numbers(0, 30));
    expect(spool.hasUnread).toBe(false);
    await spool.close();
    const again = await opened();
    const records = await readAll(again);
    expect(numbersIn(records)).toEqual(numbers(0, 30));
    expect(records.flatMap((record) => record.readings)).toEqual(readings(0, 30));
    await again.close();
  });

  it('gives back after a start only what was not released, and what an end without warning may have left', async () => {
    const spool = await opened();
    const records = [];
    for (const from of [0, 10, 20]) records.push(...(await spool.append(readings(from, from + 10))));
    spool.release(records[0]!);
    const crashed = join(root, 'crashed');
    await copySpool(directory, crashed);
    await spool.close();
    const after = await opened();
    expect(numbersIn(await readAll(after))).toEqual(numbers(10, 30));
    await after.close();
    const afterCrash = await opened({ directory: crashed });
    expect(numbersIn(await readAll(afterCrash)).slice(-20)).toEqual(numbers(10, 30));
    await afterCrash.close();
  });

  it('leaves to be read what is not next, and passes what is at hand', async () => {
    const spool = await opened();
    const [first] = await spool.append(readings(0, 10));
    const [second] = await spool.append(readings(10, 20));
    expect(spool.pass(second!)).toBe(false);
    expect(spool.pass(first!)).toBe(true);
    expect(numbersIn(await readAll(spool))).toEqual(numbers(10, 20));
    await spool.close();
  });

  it('removes a segment once all of it is released, and leaves none behind when nothing waits', async () => {
    const spool = await opened();
    const size = 100_000;
    const each = Math.ceil(SEGMENT_BYTES / size);
    const records = [];
    for (let n = 0; n < 3 * each; n += 10) records.push(...(await spool.append(readings(n, n + 10, size))));
    const before = await segments();
    expect(before.length).toBeGreaterThan(2);
    expect(numbersIn(await readAll(spool))).toEqual(numbers(0, 10 * Math.ceil((3 * each) / 10)));
    for (const record of records.slice(0, Math.ceil(records.length / 2))) spool.release(record);
    await expect.poll(async () => (await segments()).length, PATIENTLY).toBeLessThan(before.length);
    expect(spool.depth.segments).toBe((await segments()).length);
    expect(await segments()).toContain(before.at(-1));
    for (const record of records) spool.release(record);
    await expect.poll(segments, PATIENTLY).toEqual([]);
    expect(spool.depth).toEqual({ readings: 0, bytes: 0, segments: 0, oldest: null });
    // It goes on with a number of its own.
    await spool.append(readings(0, 1));
    expect((await segments())[0]! > before.at(-1)!).toBe(true);
    await spool.close();
  });

  it('takes no more than its bound, and more again once something is released', async () => {
    const spool = await opened({ maxBytes: 1 << 20 });
    const records = await spool.append(readings(0, 9, 100_000));
    await expect(spool.append(readings(9, 11, 100_000))).rejects.toBeInstanceOf(StoreFull);
    for (const record of records) spool.release(record);
    expect(numbersIn(await spool.append(readings(9, 11, 100_000)))).toEqual([9, 10]);
    expect(spool.depth.readings).toBe(2);
    await spool.close();
  });

  it('holds a reading larger than what is read at once', async () => {
    const spool = await opened();
    await spool.append([readingOf(0), readingOf(1, { size: 5 << 20 }), readingOf(2)]);
    expect(numbersIn(await readAll(spool))).toEqual([0, 1, 2]);
    await spool.close();
  });

  it('belongs to one process, which it names', async () => {
    const spool = await opened();
    await expect(opened()).rejects.toMatchObject({
      code: 'in_use',
      message: expect.stringContaining(`${process.pid}`),
    });
    await spool.close();
  });

  it('tells how much waits, from the directory too, while it is open and after', async () => {
    expect(await readSpoolStatus(directory)).toMatchObject({ readings: 0, segments: 0, oldest: null });
    const spool = await opened();
    const records = await spool.append(readings(0, 2_500));
    spool.release(records[0]!);
    expect(await readSpoolStatus(directory)).toMatchObject({ segments: 1, oldest: 1_000, bytes: spool.depth.bytes });
    await spool.close();
    expect(await readSpoolStatus(directory)).toMatchObject({ readings: 1_500, segments: 1, torn: 0 });
    const again = await opened();
    expect(again.depth).toMatchObject({ readings: 1_500, segments: 1, oldest: 1_000 });
    for (const record of await readAll(again)) again.release(record);
    await again.close();
    expect(await readSpoolStatus(directory)).toMatchObject({ readings: 0, segments: 0, bytes: 0 });
  });
});

describe('a spool that was cut short or damaged at its end', () => {
  /** Readings of each record; the bytes that the last record takes are what is damaged. */
  const COUNTS = [3, 1, 4, 1, 5];

  it('keeps every whole record before that, whatever the damage', async () => {
    const spool = await opened();
    const records: SpooledRecord[] = [];
    let n = 0;
    for (const count of COUNTS) {
      records.push(...(await spool.append(readings(n, n + count))));
      n += count;
    }
    const whole = await readFile(join(directory, (await segments())[0]!));
    await spool.close();
    expect(records).toHaveLength(COUNTS.length);
    let run = 0;

    const damage = fc.oneof(
      fc.record({ kind: fc.constant('cut' as const), at: fc.nat(whole.length) }),
      fc.record({
        kind: fc.constant('flip' as const),
        at: fc.nat(whole.length - 1),
        bits: fc.integer({ min: 1, max: 255 }),
      }),
      fc.record({ kind: fc.constant('zeros' as const), at: fc.nat(whole.length), more: fc.nat(200) }),
      fc.record({ kind: fc.constant('behind' as const), bytes: fc.uint8Array({ minLength: 1, maxLength: 100 }) }),
    );
    await fc.assert(
      fc.asyncProperty(damage, async (one) => {
        const bytes = Buffer.from(whole);
        let left: Buffer = bytes;
        if (one.kind === 'cut') left = bytes.subarray(0, one.at);
        else if (one.kind === 'flip') bytes[one.at] = bytes[one.at]! ^ one.bits;
        else if (one.kind === 'zeros') left = Buffer.concat([bytes.subarray(0, one.at), Buffer.alloc(one.more)]);
        else left = Buffer.concat([bytes, one.bytes]);
        const at = one.kind === 'behind' ? whole.length : one.at;
        const kept = records.filter(({ end }) => end.offset <= at);

        const place = join(root, `damaged${run++}`);
        await mkdir(place);
        await writeFile(join(place, '0000000001.seg'), left);
        const damaged = await opened({ directory: place });
        const expected = at < 8 ? [] : numbersIn(kept);
        expect(numbersIn(await readAll(damaged)).slice(0, expected.length)).toEqual(expected);
        expect(damaged.depth.readings).toBeLessThanOrEqual(n);
        // What comes after it is kept as well.
        await damaged.append(readings(100, 103));
        await damaged.close();
        const again = await opened({ directory: place });
        expect(numbersIn(await readAll(again)).slice(-3)).toEqual([100, 101, 102]);
        expect(numbersIn(await readAll(again))).toEqual([]);
        await again.close();
        await rm(place, { recursive: true });
      }),
      { numRuns: 150 },
    );
    expect(torn.length).toBeGreaterThan(0);
  });

  it('stores a little twice where its position is lost or torn, and nothing less', async () => {
    const spool = await opened();
    const [first] = await spool.append(readings(0, 3));
    await spool.append(readings(3, 6));
    spool.release(first!);
    await spool.close();
    const position = join(directory, 'position');
    const file = await open(position, 'r+');
    await file.write(Buffer.of(1), 0, 1, 18);
    await file.close();
    const again = await opened();
    expect(numbersIn(await readAll(again))).toEqual(numbers(0, 6));
    await again.close();
  });
});

async function copySpool(from: string, to: string): Promise<void> {
  await mkdir(to);
  for (const name of await readdir(from)) if (name !== 'lock.pid') await copyFile(join(from, name), join(to, name));
}
