/** Sessions of people in a browser: `/session/<user>/` holds the hash of each one's secret, and when it ends. */
import type { Turns } from '../devices/turns.js';
import { isUuid, timeValue } from '../registry/entity.js';
import { path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { hashOf, newSecret } from './secrets.js';

/** Milliseconds after which a session ends, used or not. */
export const SESSION_LASTS = 12 * 3_600_000;
/** Sessions of one user; with one more the oldest ends. */
export const MAX_SESSIONS = 20;

export interface Session {
  /** UUID of the user. */
  readonly user: string;
  /** UNIX ms. */
  readonly expires: number;
}

export interface Sessions {
  /** Begins one; the text is what the client keeps, and nobody else has. */
  open(userId: string): Promise<Session & { readonly text: string }>;
  /** The session of a text, while it lasts. */
  find(text: string): Promise<Session | undefined>;
  close(text: string): Promise<void>;
  closeAll(userId: string): Promise<void>;
}

export interface SessionOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  /** UNIX ms. */
  readonly now: () => number;
}

export function openSessions({ registry, turns, now }: SessionOptions): Sessions {
  // Not below the user: what is written below a deleted node would bring a part of it back.
  const at = (userId: string) => path('session', userId);
  const change = <T>(userId: string, task: () => Promise<T>) => turns(`session/${userId}`, task);

  return {
    open: (userId) =>
      change(userId, async () => {
        const secret = newSecret();
        const expires = now() + SESSION_LASTS;
        const before = [...((await registry.get(at(userId)))?.values ?? [])].map(
          ([hash, value]) => [hash, timeValue(value) ?? 0] as const,
        );
        const live = before.filter(([, end]) => end > now()).sort((a, b) => b[1] - a[1]);
        const kept = new Set(live.slice(0, MAX_SESSIONS - 1).map(([hash]) => hash));
        await registry.edit([
          { edit: 'unset', path: at(userId), names: before.map(([hash]) => hash).filter((hash) => !kept.has(hash)) },
          { edit: 'set', path: at(userId), values: { [hashOf(secret)]: String(expires) } },
        ]);
        return { user: userId, expires, text: `${userId}.${secret}` };
      }),
    async find(text) {
      const [user, secret] = parted(text);
      if (user === null) return undefined;
      const expires = timeValue((await registry.get(at(user)))?.values.get(hashOf(secret)));
      return expires !== null && expires > now() ? { user, expires } : undefined;
    },
    async close(text) {
      const [user, secret] = parted(text);
      if (user !== null) await change(user, () => registry.unset(at(user), [hashOf(secret)]));
    },
    closeAll: (userId) => change(userId, () => registry.remove(at(userId))),
  };
}

function parted(text: string): [string, string] | [null, null] {
  const dot = text.indexOf('.');
  const user = text.slice(0, Math.max(dot, 0));
  return isUuid(user) ? [user, text.slice(dot + 1)] : [null, null];
}
