import { expect, it } from 'vitest';
import { addressOf, createProvisionLimit } from '../../src/devices/provision-limit.js';

it('an address brings as many new devices in a minute as the limit says, and again in the next', () => {
  const limit = createProvisionLimit(2);
  expect([0, 1, 2].map((ms) => limit.take('1.2.3.4', ms))).toEqual([true, true, false]);
  expect(limit.take('1.2.3.5', 3)).toBe(true);
  expect(limit.take('1.2.3.4', 59_999)).toBe(false);
  expect(limit.take('1.2.3.4', 60_000)).toBe(true);
});

it('0 is no limit', () => {
  const limit = createProvisionLimit(0);
  expect(Array.from({ length: 1_000 }, () => limit.take('1.2.3.4', 0))).not.toContain(false);
});

it('the table of addresses is bounded: the one counted longest ago is forgotten', () => {
  const limit = createProvisionLimit(1, 2);
  for (const address of ['a', 'b', 'c']) expect(limit.take(address, 0)).toBe(true);
  expect(limit.take('c', 0)).toBe(false);
  expect(limit.take('a', 0)).toBe(true);
});

it('the port is no part of the address', () => {
  expect(addressOf('10.0.0.1:4711')).toBe('10.0.0.1');
  expect(addressOf('::1:4711')).toBe('::1');
});
