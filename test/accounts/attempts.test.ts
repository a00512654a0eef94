import { expect, it } from 'vitest';
import { addressKey, createAttempts } from '../../src/accounts/attempts.js';

it('so many attempts are taken in a window, and the wait is told', () => {
  const attempts = createAttempts({ max: 2, window: 1_000 });
  expect([attempts.take('a', 0), attempts.take('a', 300), attempts.take('a', 400)]).toEqual([0, 0, 600]);
  expect(attempts.take('b', 400)).toBe(0);
  expect(attempts.take('a', 1_000)).toBe(0);
});

it('one attempt is given back, or all are', () => {
  const attempts = createAttempts({ max: 2, window: 1_000 });
  for (const _ of [1, 2]) attempts.take('a', 0);
  attempts.giveBack('a');
  expect([attempts.take('a', 1), attempts.take('a', 2)]).toEqual([0, 998]);
  attempts.clear('a');
  expect([attempts.take('a', 3), attempts.take('a', 3)]).toEqual([0, 0]);
  attempts.giveBack('unknown');
});

it('of more keys than are counted the oldest is forgotten', () => {
  const attempts = createAttempts({ max: 1, window: 1_000 }, 2);
  for (const key of ['a', 'b', 'c']) attempts.take(key, 0);
  expect(attempts.take('b', 1)).toBe(999);
  expect(attempts.take('a', 1)).toBe(0);
});

it('an IPv6 address is counted by its network, and an IPv4 one in IPv6 as itself', () => {
  expect(addressKey('192.0.2.1')).toBe('192.0.2.1');
  expect(addressKey('::ffff:192.0.2.1')).toBe('192.0.2.1');
  expect(addressKey('2001:db8:1:2:3:4:5:6')).toBe(addressKey('2001:db8:1:2::9'));
  expect(addressKey('2001:db8:1:2::9')).not.toBe(addressKey('2001:db8:1:3::9'));
  expect(addressKey('fe80::1%eth0')).toBe(addressKey('fe80::2'));
});
