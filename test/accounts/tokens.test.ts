import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { adminToken, checkToken, newToken } from '../../src/accounts/tokens.js';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'm2mp-token-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

it('the first start makes a token that only its owner reads, later ones keep it', async () => {
  const { token, file } = await adminToken(directory);
  expect(token).toMatch(/^m2mp_[A-Za-z0-9_-]{43}$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect((await readFile(file, 'utf8')).trim()).toBe(token);
  expect(await adminToken(directory)).toEqual({ token, file });
  expect(await readdir(directory)).toEqual(['admin.token']);
});

it('starts at the same time agree on one token', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => adminToken(directory)));
  expect(new Set(made.map(({ token }) => token)).size).toBe(1);
});

it('a token that others may read is closed to them', async () => {
  const { file } = await adminToken(directory);
  await chmod(file, 0o644);
  await adminToken(directory);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

it('a file that holds no token stops the start and names itself', async () => {
  await writeFile(join(directory, 'admin.token'), 'secret\n');
  await expect(adminToken(directory)).rejects.toThrow(join(directory, 'admin.token'));
});

it('only the token itself is right', () => {
  const token = newToken();
  expect(checkToken(token, token)).toBe(true);
  for (const other of ['', token.slice(0, -1), `${token}x`, newToken()]) expect(checkToken(token, other)).toBe(false);
});
