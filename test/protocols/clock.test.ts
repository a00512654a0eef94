import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterRollover, utcOf, WEEK_ROLLOVER } from '../../protocols/clock.js';

const NOW = Date.UTC(2026, 10, 21);
const DAY = 86_400_000;

test('a clock that is ahead is put back by its minutes', () => {
  expect(utcOf(Date.UTC(2026, 0, 1, 8), 480)).toBe(Date.UTC(2026, 0, 1));
  expect(utcOf(Date.UTC(2026, 0, 1), -90)).toBe(Date.UTC(2026, 0, 1, 1, 30));
});

test('a date of the last 400 days that stepped back by 1,024 weeks, once or twice, is found again', () => {
  fc.assert(
    fc.property(fc.integer({ min: -400 * DAY + 1, max: DAY }), fc.constantFrom(1, 2), (ago, times) => {
      expect(afterRollover(NOW + ago - times * WEEK_ROLLOVER, NOW)).toBe(NOW + ago);
    }),
  );
});

test('a date that may be right is left as it is, and one that no rollover explains', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5_000 * DAY, max: 400 * DAY }), (ago) => {
      expect(afterRollover(NOW + ago, NOW)).toBeNull();
    }),
  );
});
