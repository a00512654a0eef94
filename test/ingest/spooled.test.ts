import { copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Durability } from '../../src/ingest/durability.js';
import { createSpooledDurability, type SpooledDurabilityOptions } from '../../src/ingest/spooled.js';
import { openSpool, type Spool } from '../../src/spool/spool.js';
import type { ReadingWrite, Write } from '../../src/store/store.js';
import { numberOf, numbers, readingOf } from '../spool/readings.js';
import { type Fault, type StoreWithFaults, storeWithFaults } from './store-with-faults.js';

/** What a loaded machine takes. */
const PATIENTLY = { timeout: 15_000 };

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2mp-spooled-'));
  directory = join(root, 'spool');
});
afterEach(() => rm(root, { recursive: true }));

interface UnderTest {
  readonly spool: Spool;
  readonly durability: Durability;
  readonly store: StoreWithFaults;
  readonly told: { room: number; spooling: (string | null)[]; troubles: (string | null)[]; failures: Error[] };
}

interface Given {
  readonly durable: 'store' | 'spool';
  readonly fault?: () => Fault;
  readonly maxBytes?: number;
  readonly in?: string;
  readonly options?: Partial<SpooledDurabilityOptions>;
}

async function opened({ durable, fault = () => 'none', maxBytes = 64 << 20, ...given }: Given): Promise<UnderTest> {
  const spool = await openSpool({ directory: given.in ?? directory, maxBytes, now: Date.now, onTorn: () => {} });
  const store = storeWithFaults(fault, () => 0.5);
  const told: UnderTest['told'] = { room: 0, spooling: [], troubles: [], failures: [] };
  const durability = createSpooledDurability({
    store,
    spool,
    durable,
    maxQueuedWrites: 20,
    maxQueuedBytes: 1 << 20,
    maxBatchWrites: 10,
    retryAfter: 1,
    onRoom: () => told.room++,
    onTrouble: (why) => told.troubles.push(why),
    onSpooling: (why) => told.spooling.push(why),
    onFailure: (error) => told.failures.push(error),
    onCommit: () => {},
    ...given.options,
  });
  return { spool, durability, store, told };
}

const stored = (store: StoreWithFaults) =>
  store.durable.filter((write): write is ReadingWrite => write.write === 'reading').map(numberOf);
/** In the order in which they came first: a batch that is written again changes nothing. */
const once = (all: readonly number[]) => [...new Set(all)];
const value = (name: string): Write => ({ write: 'value', path: '/', name, value: '' });
const soon = (ms = 15) => new Promise((resolve) => setTimeout(resolve, ms));

describe.each(['store', 'spool'] as const)('readings that are durable in the %s', (durable) => {
  it('wait in memory, then in the spool while the store is away, and come to it in their order', async () => {
    let away = true;
    const { durability, store, spool, told } = await opened({ durable, fault: () => (away ? 'full' : 'none') });
    let called = 0;
    for (const n of numbers(0, 500)) {
      durability.whenDurable(durability.add(readingOf(n)), () => called++);
      if (n % 10 === 0) await soon(1);
    }
    // Memory has 20 of them.
    await expect.poll(() => spool.depth.readings, PATIENTLY).toBeGreaterThanOrEqual(480);
    await expect.poll(() => durability.full, PATIENTLY).toBe(false);
    expect(durability.spooling).toMatch(/\d+ readings wait in the spool: no room/);
    if (durable === 'store') {
      expect(called).toBe(0);
      expect(durability.trouble).toBe('no room');
    } else {
      await expect.poll(() => called, PATIENTLY).toBe(500);
      expect(durability.trouble).toBeNull();
    }
    expect(durability.changesTrouble).toBe('no room');
    away = false;
    await expect.poll(() => spool.depth.readings, PATIENTLY).toBe(0);
    await durability.drain();
    expect(called).toBe(500);
    expect(once(stored(store))).toEqual(numbers(0, 500));
    expect(durability.spooling).toBeNull();
    expect(told.spooling.map((why) => why !== null)).toEqual([true, false]);
    expect(durability.queuedWrites).toBe(0);
    await spool.close();
  });

  it('are no longer taken when the spool is full too, and are again when there is room', async () => {
    let away = true;
    const { durability, spool, told, store } = await opened({
      durable,
      fault: () => (away ? 'full' : 'none'),
      maxBytes: 20_000,
    });
    let n = 0;
    const why = durable === 'spool' ? 'spool is full' : 'no room';
    const isFull = () => durability.full && spool.depth.bytes > 15_000 && durability.trouble?.includes(why);
    for (; !isFull(); await soon(1)) if (!durability.full) durability.add(readingOf(n++, { size: 100 }));
    expect(spool.depth.bytes).toBeLessThanOrEqual(20_000);
    away = false;
    await expect.poll(() => told.room, PATIENTLY).toBeGreaterThan(0);
    await durability.drain();
    expect(durability.full).toBe(false);
    expect(once(stored(store))).toEqual(numbers(0, n));
    await spool.close();
  });

  it('do not hold up what else is changed, and nothing of that lies in the spool', async () => {
    let takesReadings = false;
    const { durability, spool, store } = await opened({ durable });
    const { write } = store;
    store.write = async (batch) => {
      if (!takesReadings && batch.some((one) => one.write === 'reading')) await new Promise(() => {});
      await write(batch);
    };
    for (const n of numbers(0, 100)) durability.add(readingOf(n));
    await soon();
    await durability.write([value('a'), value('b')]);
    expect(store.durable).toEqual([value('a'), value('b')]);
    takesReadings = true;
    await spool.close();
    const again = await opened({ durable });
    await expect.poll(() => again.spool.depth.readings, PATIENTLY).toBe(0);
    expect(again.store.durable.every((one) => one.write === 'reading')).toBe(true);
    await again.spool.close();
  });

  it('are deleted only behind all that was there before', async () => {
    let away = true;
    const { durability, spool, store } = await opened({ durable, fault: () => (away ? 'full' : 'none') });
    for (const n of numbers(0, 100)) durability.add(readingOf(n));
    const deletion: Write = {
      write: 'deleteReadings',
      id: 'd',
      type: 'n',
      period: 'p',
      from: undefined,
      to: undefined,
    };
    const deleted = durability.write([deletion]);
    for (const n of numbers(100, 200)) durability.add(readingOf(n));
    await soon();
    away = false;
    await deleted;
    await durability.drain();
    await expect.poll(() => stored(store).length, PATIENTLY).toBeGreaterThanOrEqual(200);
    expect(once(stored(store))).toEqual(numbers(0, 200));
    const at = store.durable.indexOf(deletion);
    const before = stored({ ...store, durable: store.durable.slice(0, at) });
    expect(once(before)).toEqual(expect.arrayContaining(numbers(0, 100)));
    await spool.close();
  });

  it('that an earlier run left come first', async () => {
    const first = await opened({ durable: 'spool', fault: () => 'never' });
    await first.durability.write(numbers(0, 50).map((n) => readingOf(n)));
    await first.spool.close();
    const { durability, store, spool } = await opened({ durable });
    await durability.write(numbers(50, 60).map((n) => readingOf(n)));
    await expect.poll(() => spool.depth.readings, PATIENTLY).toBe(0);
    expect(once(stored(store))).toEqual(numbers(0, 60));
    await spool.close();
  });

  it('end it all when the store failed: nothing is taken any more', async () => {
    const { durability, told, spool } = await opened({ durable, fault: () => 'failed' });
    durability.add(readingOf(0));
    await expect.poll(() => told.failures.length, PATIENTLY).toBe(1);
    expect(durability.full).toBe(true);
    expect(durability.trouble).toBe('cannot sync');
    await spool.close();
  });

  it('are never durable early, and never lost or out of order, whatever the store does and wherever it is killed', async () => {
    const step = fc.record({ readings: fc.nat(40), pause: fc.nat(3) });
    const faults = fc.array(fc.constantFrom<Fault>('none', 'late', 'full', 'full', 'none'), { minLength: 1 });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), faults, fc.boolean(), async (steps, script, killed) => {
        const place = join(root, `run${run++}`);
        let call = 0;
        const fault = () => (call < 40 ? (script[call++ % script.length] ?? 'none') : 'none');
        const one = await opened({ durable, in: place, fault });
        const called: number[] = [];
        let n = 0;
        for (const { readings, pause } of steps) {
          for (let i = 0; i < readings; i++) one.durability.add(readingOf(n++));
          const number = one.durability.stored;
          one.durability.whenDurable(number, () => {
            if (durable === 'store') expect(new Set(stored(one.store)).size).toBeGreaterThanOrEqual(number);
            called.push(number);
          });
          if (pause > 0) await soon(pause);
        }
        if (!killed) await one.durability.drain();
        const acknowledged = called.at(-1) ?? 0;
        if (!killed) expect(acknowledged).toBe(n);
        expect(called).toEqual([...called].sort((a, b) => a - b));

        // What was acknowledged is there after a start over what a kill would leave.
        const left = join(root, `left${run}`);
        await copySpool(place, left);
        const inStore = once(stored(one.store));
        expect(inStore).toEqual(numbers(0, inStore.length));
        const another = await opened({ durable, in: left });
        await expect.poll(() => another.spool.depth.readings, PATIENTLY).toBe(0);
        const found = new Set([...inStore, ...stored(another.store)]);
        for (let i = 0; i < acknowledged; i++) expect(found.has(i), `reading ${i} of ${acknowledged}`).toBe(true);
        const replayed = once(stored(another.store));
        expect(replayed).toEqual([...replayed].sort((a, b) => a - b));
        await another.spool.close();
        await one.durability.drain();
        await one.spool.close();
      }),
      { numRuns: 25 },
    );
  }, 60_000);
});

async function copySpool(from: string, to: string): Promise<void> {
  await mkdir(to);
  // A segment may be removed meanwhile: all of it is in the store then.
  for (const name of await readdir(from))
    if (name !== 'lock.pid') await copyFile(join(from, name), join(to, name)).catch(() => {});
}
