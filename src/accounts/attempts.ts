/** How often something may be tried: attempts are counted by a key within a window of time. */

export interface AttemptLimit {
  /** Attempts in a window. */
  readonly max: number;
  /** Milliseconds, from the first attempt. */
  readonly window: number;
}

export interface Attempts {
  /** Counts an attempt; gives 0, or the milliseconds until the next is allowed. */
  take(key: string, now: number): number;
  /** Takes one attempt of a key back. */
  giveBack(key: string): void;
  /** Takes all attempts of a key back: the last was right. */
  clear(key: string): void;
}

/** Keys that are counted; above it, the one that began first is forgotten. */
export const MAX_KEYS = 10_000;

export function createAttempts({ max, window }: AttemptLimit, maxKeys: number = MAX_KEYS): Attempts {
  const counts = new Map<string, { count: number; readonly until: number }>();
  return {
    take(key, now) {
      const before = counts.get(key);
      if (before && now < before.until) {
        if (before.count >= max) return before.until - now;
        before.count++;
        return 0;
      }
      counts.delete(key);
      counts.set(key, { count: 1, until: now + window });
      const oldest = counts.keys().next();
      if (counts.size > maxKeys && !oldest.done) counts.delete(oldest.value);
      return 0;
    },
    giveBack(key) {
      const entry = counts.get(key);
      if (entry && entry.count > 0) entry.count--;
    },
    clear: (key) => counts.delete(key),
  };
}

/** What an address is counted by: an IPv6 subscriber has a /64 of them. */
export function addressKey(address: string): string {
  if (!address.includes(':')) return address;
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? [];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = tail === undefined ? 0 : Math.max(8 - first.length - last.length, 0);
  const groups = [...first, ...Array<string>(missing).fill('0'), ...last];
  return `${groups.slice(0, 4).join(':')}::/64`;
}
