/** Leases of gateways, kept in the store: one that lives renews its own, and what it wrote counts as long as that. */
import { timeValue } from '../registry/entity.js';
import { decodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';

/** Milliseconds that a lease holds, how often it is to be renewed, and how long after its end it is swept away. */
export const LEASE = 15_000;
export const RENEW_EVERY = 5_000;
export const SWEPT_AFTER = 60_000;
/** Milliseconds in which a gateway whose lease was over is not looked up again. */
export const OVER_KNOWN_FOR = 500;
/** Gateways that are remembered, and listed, at the most. */
export const MAX_GATEWAYS = 1_000;

export interface Leases {
  /**
   * Makes the lease hold from now on; resolves, when that is durable, to whether it was known still: else others have
   * removed what the gateway had written.
   */
  renew(gateway: string, about: Readonly<Record<string, string>>): Promise<boolean>;
  /** Ends a lease, when all that the gateway had written is gone. */
  end(gateway: string): Promise<void>;
  /** Whether a gateway's lease holds, by the clock of this machine: those of a fleet must agree to a few seconds. */
  holds(gateway: string): Promise<boolean>;
  /** Gateways whose lease has been over for long. */
  ended(): Promise<string[]>;
}

/** `now` gives UNIX ms. Kept at `/gateway/<name>/`. */
export function createLeases(registry: Registry, now: () => number): Leases {
  const known = new Map<string, { readonly until: number; readonly readAt: number }>();

  async function read(gateway: string): Promise<number> {
    const until = timeValue((await registry.get(path(ROOM, gateway)))?.values.get(UNTIL)) ?? 0;
    remember(gateway, until);
    return until;
  }

  function remember(gateway: string, until: number): void {
    if (known.size >= MAX_GATEWAYS) known.clear();
    known.set(gateway, { until, readAt: now() });
  }

  return {
    async renew(gateway, about) {
      const isKnown = (await read(gateway)) > 0;
      const until = now() + LEASE;
      await registry.set(path(ROOM, gateway), { ...about, [UNTIL]: String(until) });
      remember(gateway, until);
      return isKnown;
    },
    async end(gateway) {
      known.delete(gateway);
      await registry.remove(path(ROOM, gateway));
    },
    async holds(gateway) {
      const entry = known.get(gateway);
      if (entry && now() < entry.until) return true;
      // A gateway's lease is written before anything else it writes: one that was never looked up is read.
      if (entry && now() - entry.readAt < OVER_KNOWN_FOR && now() >= entry.readAt) return false;
      return now() < (await read(gateway));
    },
    async ended() {
      const names = await registry.children(path(ROOM), { limit: MAX_GATEWAYS });
      const ended: string[] = [];
      for (const name of names.map(decodeName)) if ((await read(name)) + SWEPT_AFTER < now()) ended.push(name);
      return ended;
    },
  };
}

const ROOM = 'gateway';
const UNTIL = 'lease';
