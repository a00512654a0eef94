import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createDurability,
  type DurabilityOptions,
  type StoreDurability,
  throughBarrier,
} from '../../src/ingest/durability.js';
import type { Write } from '../../src/store/store.js';
import { type Fault, storeWithFaults } from './store-with-faults.js';

const write = (n: number): Write => ({ write: 'value', path: '/', name: `${n}`, value: '' });

function barrierOver(script: (call: number) => Fault, options: Partial<DurabilityOptions> = {}, random = () => 0.5) {
  const store = storeWithFaults(script, random);
  const told = { room: 0, troubles: [] as (string | null)[], failures: [] as Error[], commits: [] as number[] };
  const durability = createDurability({
    store,
    maxQueuedWrites: 1_000,
    maxQueuedBytes: 1 << 20,
    maxBatchWrites: 100,
    retryAfter: 1,
    onRoom: () => told.room++,
    onTrouble: (why) => told.troubles.push(why),
    onFailure: (error) => told.failures.push(error),
    onCommit: (writes) => told.commits.push(writes),
    ...options,
  });
  return { store, durability, told };
}

const soon = (ms = 15) => new Promise((resolve) => setTimeout(resolve, ms));

describe('the durable barrier', () => {
  it('calls back only when the write is in the store', async () => {
    const { durability, store } = barrierOver(() => 'late');
    const number = durability.add(write(1));
    await new Promise<void>((resolve) =>
      durability.whenDurable(number, () => {
        expect(store.durable).toHaveLength(1);
        resolve();
      }),
    );
    expect(durability.durable).toBe(1);
  });

  it('calls back in the same turn for what is durable already', async () => {
    const { durability } = barrierOver(() => 'none');
    const number = durability.add(write(1));
    await durability.drain();
    let called = false;
    durability.whenDurable(number, () => {
      called = true;
    });
    expect(called).toBe(true);
  });

  it('shares one commit among all that gathered while the one before was written', async () => {
    const { durability, told, store } = barrierOver(() => 'late');
    durability.add(write(0));
    await soon(5);
    for (let n = 1; n <= 50; n++) durability.add(write(n));
    await durability.drain();
    expect(told.commits).toEqual([1, 50]);
    expect(store.mostAtOnce).toBe(1);
  });

  it('puts no more into a commit than its bound', async () => {
    const { durability, told } = barrierOver(() => 'none');
    for (let n = 0; n < 250; n++) durability.add(write(n));
    await durability.drain();
    expect(told.commits).toEqual([100, 100, 50]);
  });

  describe('with several commits of readings at once', () => {
    const time = new Uint8Array(16);
    const reading = (n: number): Write => ({
      ...{ write: 'reading', id: `${n}`, type: 't', period: '2026-11', time, data: '1', received: 0, expires: 0 },
    });
    const addAll = (durability: StoreDurability, count: number, one: (n: number) => Write) => {
      for (let n = 0; n < count; n++) durability.add(one(n));
    };
    const several = { maxCommits: 3, maxBatchWrites: 2_000, maxQueuedWrites: 100_000 };

    it('begins one beside others only when it is worth it, and no more than its bound', async () => {
      const { durability, store } = barrierOver(() => 'never', several);
      addAll(durability, 10, reading);
      await expect.poll(() => store.calls).toBe(1);
      addAll(durability, 999, reading);
      await soon();
      expect(store.calls).toBe(1);
      addAll(durability, 1, reading);
      await expect.poll(() => store.calls).toBe(2);
      addAll(durability, 10_000, reading);
      await expect.poll(() => store.calls).toBe(3);
      await soon();
      expect(store.mostAtOnce).toBe(3);
    });

    it('counts none as durable before those in front of it', async () => {
      const { durability, store } = barrierOver((call) => (call === 0 ? 'never' : 'none'), several);
      let called = 0;
      addAll(durability, 2_000, reading);
      await soon(5);
      addAll(durability, 2_000, reading);
      for (const number of [1, 2_000, 2_001, 4_000]) durability.whenDurable(number, () => called++);
      await expect.poll(() => store.durable.length).toBe(2_000);
      await soon();
      expect({ called, durable: durability.durable }).toEqual({ called: 0, durable: 0 });
    });

    it('gives everything else a commit without company, so that it stays in its order', async () => {
      const { durability, store } = barrierOver(() => 'late', several);
      for (let turn = 0; turn < 3; turn++) {
        addAll(durability, 2_000, turn === 1 ? write : reading);
        await soon(1);
      }
      await durability.drain();
      expect(store.mostAtOnce).toBe(1);
      expect(store.durable.map((one) => one.write)).toEqual([
        ...Array(2_000).fill('reading'),
        ...Array(2_000).fill('value'),
        ...Array(2_000).fill('reading'),
      ]);
    });

    it('stays in trouble until each has found room, and answers nothing behind a failure', async () => {
      const faults: Fault[] = ['full', 'none', 'none'];
      const { durability, told } = barrierOver((call) => faults[call] ?? 'none', { ...several, retryAfter: 50 });
      addAll(durability, 4_000, reading);
      await durability.drain();
      expect(told.troubles).toEqual(['no room', null]);

      const failing = barrierOver((call) => (call === 1 ? 'failed' : 'late'), several);
      addAll(failing.durability, 4_000, reading);
      let called = false;
      failing.durability.whenDurable(1, () => {
        called = true;
      });
      await expect.poll(() => failing.told.failures.length).toBe(1);
      await expect.poll(() => failing.store.durable.length).toBe(2_000);
      await soon();
      expect(called).toBe(false);
      expect(failing.durability.trouble).toBe('cannot sync');
    });
  });

  it('never calls back over a store that never commits', async () => {
    const { durability } = barrierOver(() => 'never');
    let called = false;
    durability.whenDurable(durability.add(write(1)), () => {
      called = true;
    });
    await soon(50);
    expect(called).toBe(false);
  });

  it('tries a batch again until there is room, and says so meanwhile', async () => {
    const { durability, told, store } = barrierOver((call) => (call < 3 ? 'full' : 'none'));
    for (let n = 0; n < 10; n++) durability.add(write(n));
    await soon(3);
    await durability.drain();
    expect(store.calls).toBe(4);
    expect(told.troubles).toEqual(['no room', null]);
    expect(durability.trouble).toBeNull();
    expect(store.durable).toHaveLength(10);
  });

  it('says when a bound is reached, and when there is room again', async () => {
    const { durability, told } = barrierOver(() => 'none', { maxQueuedWrites: 10 });
    for (let n = 0; n < 9; n++) durability.add(write(n));
    expect(durability.full).toBe(false);
    durability.add(write(9));
    expect(durability.full).toBe(true);
    await durability.drain();
    await soon(1);
    expect(durability.full).toBe(false);
    expect(told.room).toBe(1);
  });

  it('answers nothing after a failure, and tells of it once', async () => {
    const { durability, told } = barrierOver((call) => (call === 1 ? 'failed' : 'none'));
    await durability.write([write(1)]);
    const failing = durability.write([write(2)]);
    let called = false;
    durability.whenDurable(durability.stored, () => {
      called = true;
    });
    await expect(failing).rejects.toThrow('cannot sync');
    await expect(durability.write([write(3)])).rejects.toThrow('cannot sync');
    await expect(durability.drain()).rejects.toThrow('cannot sync');
    await soon();
    expect(called).toBe(false);
    expect(told.failures).toHaveLength(1);
    expect(durability.full).toBe(true);
  });

  it('takes the writes of a whole store', async () => {
    const { durability, store } = barrierOver(() => 'none');
    await throughBarrier(store, durability).write([write(1), write(2)]);
    expect(store.durable).toHaveLength(2);
    await durability.write([]);
  });

  it('calls back in order and never early, whatever the store does', async () => {
    const step = fc.record({ writes: fc.nat(30), pause: fc.boolean() });
    const fault = fc.constantFrom<Fault>('none', 'late', 'full', 'none');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), fc.array(fault, { minLength: 1 }), async (steps, faults) => {
        const { durability, store } = barrierOver((call) =>
          call < 30 ? (faults[call % faults.length] ?? 'none') : 'none',
        );
        const called: number[] = [];
        let n = 0;
        for (const { writes, pause } of steps) {
          for (let i = 0; i < writes; i++) durability.add(write(n++));
          const number = durability.stored;
          durability.whenDurable(number, () => {
            expect(new Set(store.durable).size).toBeGreaterThanOrEqual(number);
            called.push(number);
          });
          if (pause) await soon(1);
        }
        await durability.drain();
        expect(called).toEqual([...called].sort((a, b) => a - b));
        expect(called).toHaveLength(steps.length);
        expect(store.durable).toHaveLength(n);
      }),
      { numRuns: 40 },
    );
  });
});
