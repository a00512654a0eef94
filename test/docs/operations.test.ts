import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { CONSISTENCIES, type Consistency, readsSeeWrites } from '../../src/store/consistency.js';

const text = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');

const isConsistency = (name: string): name is Consistency => CONSISTENCIES.some((one) => one === name);
const named = (cell = '') => [...cell.matchAll(/`(\w+)`/g)].map(([, name = '']) => name).filter(isConsistency);

it('the table of consistencies says of each pair what the gateway makes of it', () => {
  const lines = text.split('\n').filter((line) => /^\| `[A-Z_]+`/.test(line));
  const pairs = lines.flatMap((line) => {
    const [, write, read, , , verdict = ''] = line.split('|');
    return named(write).flatMap((one) => named(read).map((other) => ({ one, other, verdict: verdict.trim() })));
  });
  expect(pairs.length).toBeGreaterThanOrEqual(8);
  const three = new Map([['dc1', 3]]);
  for (const { one, other, verdict } of pairs)
    expect([one, other, readsSeeWrites(one, other, three, 'dc1')]).toEqual([one, other, verdict.startsWith('yes')]);
});
