/** How many new devices one address may bring in a minute. */
export interface ProvisionLimit {
  /** Counts one more of this address at `now` (UNIX ms); false: it had its share of this minute. */
  take(address: string, now: number): boolean;
}

/** Addresses that are counted at once; beyond, the one counted longest ago is forgotten. */
export const MAX_COUNTED_ADDRESSES = 10_000;

const MINUTE = 60_000;

/** `limit` 0: no limit. */
export function createProvisionLimit(limit: number, maxAddresses: number = MAX_COUNTED_ADDRESSES): ProvisionLimit {
  const counted = new Map<string, { minute: number; count: number }>();
  return {
    take(address, now) {
      if (limit === 0) return true;
      const minute = Math.floor(now / MINUTE);
      const before = counted.get(address);
      const count = before?.minute === minute ? before.count : 0;
      if (count >= limit) return false;
      counted.delete(address);
      counted.set(address, { minute, count: count + 1 });
      const [oldest] = counted.keys();
      if (counted.size > maxAddresses && oldest !== undefined) counted.delete(oldest);
      return true;
    },
  };
}

/** The address of a source `address:port`. */
export function addressOf(source: string): string {
  const colon = source.lastIndexOf(':');
  return colon < 0 ? source : source.slice(0, colon);
}
