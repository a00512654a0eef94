import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createBoundedMap } from '../../../src/store/cassandra/bounded-map.js';
import { createGate } from '../../../src/store/cassandra/gate.js';
import { LARGE_PARTITION, watchPartitions } from '../../../src/store/cassandra/partitions.js';
import { createStamps, receivedAt } from '../../../src/store/cassandra/stamps.js';

describe('what the store on Cassandra keeps in memory', () => {
  it('a bounded map gives what was set last or nothing, always what was used among the last half of its bound', () => {
    const step = fc.record({ key: fc.nat(20).map(String), set: fc.boolean() });
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 12 }), fc.array(step, { maxLength: 200 }), (most, steps) => {
        const map = createBoundedMap<number>(most);
        const model = new Map<string, number>();
        const used: string[] = [];
        steps.forEach(({ key, set }, n) => {
          const recent = new Set(used.slice(-(Math.floor(most / 2) - 1)));
          if (set) {
            map.set(key, n);
            model.set(key, n);
          } else {
            const found = map.get(key);
            if (recent.has(key)) expect(found).toBe(model.get(key));
            else expect([undefined, model.get(key)]).toContain(found);
            if (found === undefined) return;
          }
          used.push(key);
        });
      }),
    );
  });

  it('a partition that becomes large is told once', () => {
    const told: string[] = [];
    const watch = watchPartitions((id, period) => told.push(`${id} ${period}`));
    const partition = watch.of('dev-1', '2026-11');
    for (let row = 0; row < 20; row++) watch.grow(partition, 'dev-1', '2026-11', LARGE_PARTITION / 10);
    expect(watch.of('dev-1', '2026-11')).toBe(partition);
    watch.grow(watch.of('dev-1', '2026-12'), 'dev-1', '2026-12', 100);
    expect(told).toEqual(['dev-1 2026-11']);
  });

  it('timestamps rise, though the clock steps back; a reading keeps the time of its arrival', () => {
    let now = 1_000_000;
    const stamps = createStamps(() => now);
    const first = stamps.next();
    now -= 5_000;
    expect(stamps.next()).toBeGreaterThan(first);
    expect(receivedAt(stamps.ofReading('dev-1', 999_123))).toBe(999_123);
  });

  it('a deletion is dated after what it found, and what is written after it later still', () => {
    const stamps = createStamps(() => 1_000_000);
    const reading = stamps.ofReading('dev-1', 999_000);
    const deletion = stamps.ofDeletion('dev-1', reading);
    expect(deletion).toBeGreaterThan(reading);
    expect(stamps.ofReading('dev-1', 999_000)).toBeGreaterThan(deletion);
    expect(stamps.ofReading('dev-2', 999_000)).toBe(reading);
  });

  it('a gate lets so many in and no more, and all in the end, whether they succeed or not', async () => {
    const gate = createGate(3);
    let inside = 0;
    let most = 0;
    const results = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) =>
        gate(async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setImmediate(resolve));
          inside--;
          if (n % 7 === 0) throw new Error('one of seven fails');
        }),
      ),
    );
    expect(most).toBe(3);
    expect(inside).toBe(0);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(8);
  });
});
