/** Passwords: kept as argon2id hashes, made and checked a few at a time, since each takes memory and a core for a while. */
import { hash as argon2, verify as argon2verify } from '@node-rs/argon2';
import { Refusal } from '../devices/refusal.js';

/** What OWASP asks of argon2id at the least: 19 MiB, two passes, one lane. */
export const PASSWORD_COST = { memoryCost: 19 * 1_024, timeCost: 2, parallelism: 1 } as const;
/** Characters of a password. */
export const MIN_PASSWORD = 10;
export const MAX_PASSWORD = 256;
/** Hashes worked on at once, and those that may wait for their turn. */
export const HASHES_AT_ONCE = 2;
export const MAX_WAITING_HASHES = 50;

/** Each rejects with a `Refusal` `busy` when too many wait already. */
export interface Passwords {
  /** The hash to keep. Rejects with a `Refusal` `invalid` for what is too short or too long. */
  hash(password: string): Promise<string>;
  /** Whether `password` is that of `kept`; takes as long where there is none, so that time does not tell who has one. */
  check(kept: string | null, password: string): Promise<boolean>;
}

export function createPasswords(): Passwords {
  const take = turnstile();
  let decoy: Promise<string> | null = null;

  return {
    async hash(password) {
      const length = [...password].length;
      if (length < MIN_PASSWORD || length > MAX_PASSWORD)
        throw new Refusal(
          'invalid',
          `Invalid password: of ${length} characters, expected ${MIN_PASSWORD} to ${MAX_PASSWORD}`,
          'password',
        );
      return take(() => argon2(password.normalize('NFC'), PASSWORD_COST));
    },
    async check(kept, password) {
      decoy ??= take(() => argon2('nobody has this password', PASSWORD_COST));
      const isKept = kept?.startsWith('$argon2id$') ?? false;
      const against = isKept && kept !== null ? kept : await decoy;
      const isRight = await take(() => argon2verify(against, password.normalize('NFC')));
      return isRight && isKept;
    },
  };
}

/** Lets `HASHES_AT_ONCE` tasks run at a time, in the order of asking. */
function turnstile(): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async (task) => {
    if (running >= HASHES_AT_ONCE) {
      if (waiting.length >= MAX_WAITING_HASHES)
        throw new Refusal(
          'busy',
          `Too many at once: ${MAX_WAITING_HASHES} passwords wait to be checked; try again soon`,
        );
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else running++;
    try {
      return await task();
    } finally {
      // The place goes to the next, or is free.
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
