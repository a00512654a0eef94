import { expect, it } from 'vitest';
import { createPasswords, MAX_WAITING_HASHES } from '../../src/accounts/passwords.js';

const PASSWORD = 'correct horse battery';

it('a password is kept as an argon2id hash of the cost that is asked for, and known by it', async () => {
  const passwords = createPasswords();
  const hash = await passwords.hash(PASSWORD);
  expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  expect(await passwords.hash(PASSWORD)).not.toBe(hash);
  expect(await passwords.check(hash, PASSWORD)).toBe(true);
  expect(await passwords.check(hash, `${PASSWORD} `)).toBe(false);
  // The same characters, composed by one keyboard and not by the other.
  expect(await passwords.check(await passwords.hash('un caf\u00e9 caf\u00e9'), 'un cafe\u0301 cafe\u0301')).toBe(true);
});

it('what is no such hash is nobody’s password, the decoy neither', async () => {
  const passwords = createPasswords();
  for (const kept of [null, '', PASSWORD, '$2y$10$abcdefghijklmnopqrstuv'])
    for (const given of [PASSWORD, 'nobody has this password']) expect(await passwords.check(kept, given)).toBe(false);
});

it('too short and too long ones are refused', async () => {
  const passwords = createPasswords();
  for (const bad of ['', 'ninechars', 'x'.repeat(257)])
    await expect(passwords.hash(bad)).rejects.toMatchObject({ code: 'invalid', field: 'password' });
});

it('so many wait to be checked and no more', async () => {
  const passwords = createPasswords();
  const results = await Promise.allSettled(
    Array.from({ length: MAX_WAITING_HASHES + 12 }, () => passwords.hash(PASSWORD)),
  );
  const refused = results.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(10);
  for (const one of refused) expect(one).toMatchObject({ reason: { code: 'busy' } });
}, 60_000);
