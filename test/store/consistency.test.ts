import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CONSISTENCIES, type Consistency, readsSeeWrites } from '../../src/store/consistency.js';

describe('consistencies of which each read sees each write', () => {
  const one = new Map([['a', 1]]);
  const three = new Map([['a', 3]]);
  const twoCentres = new Map([
    ['a', 3],
    ['b', 3],
  ]);
  it.each<[Consistency, Consistency, ReadonlyMap<string, number>, boolean]>([
    ['LOCAL_QUORUM', 'LOCAL_QUORUM', three, true],
    ['LOCAL_QUORUM', 'LOCAL_QUORUM', twoCentres, true],
    ['LOCAL_QUORUM', 'LOCAL_QUORUM', one, true],
    ['ONE', 'ONE', one, true],
    ['ONE', 'ONE', three, false],
    ['LOCAL_ONE', 'LOCAL_QUORUM', three, false],
    ['ALL', 'ONE', three, true],
    ['ALL', 'LOCAL_ONE', twoCentres, true],
    ['QUORUM', 'QUORUM', twoCentres, true],
    ['QUORUM', 'LOCAL_QUORUM', twoCentres, false],
    ['EACH_QUORUM', 'LOCAL_QUORUM', twoCentres, true],
    ['TWO', 'TWO', three, true],
    ['TWO', 'TWO', twoCentres, false],
    ['LOCAL_QUORUM', 'LOCAL_QUORUM', new Map(), false],
  ])('%s and %s over %o: %s', (write, read, replication, sees) => {
    expect(readsSeeWrites(write, read, replication, 'a')).toBe(sees);
  });

  it('are those of which no choice of the copies that answer avoids all others, whatever the data centres', () => {
    const copies = fc.integer({ min: 0, max: 3 });
    const level = fc.constantFrom(...CONSISTENCIES);
    fc.assert(
      fc.property(level, level, fc.integer({ min: 1, max: 3 }), copies, (write, read, here, there) => {
        const replication = new Map([
          ['a', here],
          ['b', there],
        ]);
        if (!readsSeeWrites(write, read, replication, 'a')) return;
        for (const written of answering(write, here, there))
          for (const asked of answering(read, here, there)) expect(written & asked).not.toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});

/** Every least set of copies that satisfies a level, as bits: the lowest `here` are of the local data centre. */
function answering(level: Consistency, here: number, there: number): number[] {
  const all = here + there;
  const quorum = (of: number) => Math.floor(of / 2) + 1;
  const isEnough = (set: number) => {
    const local = bits(set & ((1 << here) - 1));
    const total = bits(set);
    switch (level) {
      case 'ONE':
        return total >= 1;
      case 'TWO':
        return total >= 2;
      case 'THREE':
        return total >= 3;
      case 'QUORUM':
        return total >= quorum(all);
      case 'ALL':
        return total >= all;
      case 'LOCAL_ONE':
        return local >= 1;
      case 'LOCAL_QUORUM':
        return local >= quorum(here);
      case 'EACH_QUORUM':
        return local >= quorum(here) && (there === 0 || total - local >= quorum(there));
    }
  };
  return Array.from({ length: 1 << all }, (_, set) => set).filter(isEnough);
}

function bits(set: number): number {
  let count = 0;
  for (let rest = set; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
