import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LAST_TIME, readTime } from '../../../protocols/alip/times.js';

test.each([
  ['1700000000', 1_700_000_000_000],
  ['0000000000', 0],
  ['95617583999', 95_617_583_999_000],
  ['1700000000123', 1_700_000_000_123],
  ['231114221320', 1_700_000_000_000],
  ['20231114221320', 1_700_000_000_000],
  ['240229120000', Date.UTC(2024, 1, 29, 12)],
  ['49991231235959', LAST_TIME - 1_000],
])('%s is %d', (text, time) => {
  expect(readTime(text)).toBe(time);
});

test.each([
  '',
  '170000000',
  '123456789012345',
  '95617584000',
  '+700000000',
  '17000000.0',
  '1700000000 ',
  '١٧٠٠٠٠٠٠٠٠',
  '230229120000',
  '231301000000',
  '231100000000',
  '231131000000',
  '231114240000',
  '231114006000',
  '231114000060',
  '19691231235959',
  '50000101000000',
])('%j is no date', (text) => {
  expect(readTime(text)).toBeNull();
});

test('a date reads the same in each of its forms', () => {
  const second = fc.integer({ min: Date.UTC(2001, 8, 10) / 1_000, max: Date.UTC(2100, 0, 1) / 1_000 - 1 });
  fc.assert(
    fc.property(second, (seconds) => {
      const calendar = new Date(seconds * 1_000).toISOString().replace(/\..*|\D/g, '');
      const forms = [String(seconds), String(seconds * 1_000), calendar, calendar.slice(2)];
      expect(forms.map(readTime)).toEqual(forms.map(() => seconds * 1_000));
    }),
  );
});
