/** What a client proves itself with: random, and kept by its hash alone. */
import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** 256 random bits, as 43 characters. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** SHA-256 of a text, in hex: enough for secrets of 256 random bits. */
export function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
