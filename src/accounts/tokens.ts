/** The token that opens the API: made at the first start, kept in the data directory, read by its owner only. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { chmod, link, open, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** So that scanners for leaked secrets know what they found. */
export const TOKEN_PREFIX = 'm2mp_';

const TOKEN_BYTES = 32;
const TOKEN = /^m2mp_[A-Za-z0-9_-]{43}$/;

/** The admin token of a data directory, and the file it is in; made (256 random bits, mode 0600) when there is none. */
export async function adminToken(directory: string): Promise<{ token: string; file: string }> {
  const file = join(directory, 'admin.token');
  const token = (await readToken(file)) ?? (await makeToken(file));
  if (!TOKEN.test(token))
    throw new Error(`No token in ${file}: expected ${TOKEN_PREFIX} and 43 characters; remove the file for a new one`);
  return { token, file };
}

/** Whether `given` is `token`, in a time that does not tell how much of it was right. */
export function checkToken(token: string, given: string): boolean {
  return timingSafeEqual(digest(token), digest(given));
}

/** Whether a text has the form of a token. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** A new token. */
export function newToken(): string {
  return TOKEN_PREFIX + randomBytes(TOKEN_BYTES).toString('base64url');
}

async function readToken(file: string): Promise<string | null> {
  try {
    const { mode } = await stat(file);
    // A token that others could read is theirs no longer from now on; that they did not read it before, nobody knows.
    if ((mode & 0o077) !== 0) await chmod(file, 0o600);
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

/** The file appears whole or not at all, whenever the process dies; of two that make it, the first wins. */
async function makeToken(file: string): Promise<string> {
  const draft = `${file}.${randomBytes(8).toString('hex')}`;
  const handle = await open(draft, 'wx', 0o600);
  try {
    await handle.writeFile(`${newToken()}\n`);
    await handle.sync();
    await link(draft, file).catch((error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    });
  } finally {
    await handle.close();
    await rm(draft, { force: true });
  }
  return (await readFile(file, 'utf8')).trim();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
