/** Which devices an account sees, where nothing but a device's id is at hand: live events, connections. */
import { type Account, isOverAll, sees } from '../accounts/account.js';
import type { Devices } from '../devices/devices.js';

/** Devices whose domain is remembered. */
export const MAX_KNOWN = 100_000;
/** Milliseconds after which a domain is looked up again: so long another gateway's change may go unseen. */
export const KNOWN_FOR = 5_000;

export interface Scope {
  /**
   * Whether an account sees what concerns a device; null: what concerns none, which only those over all domains see. At
   * once where it is known, so that nothing waits while a stream runs.
   */
  sees(account: Account, deviceId: string | null): boolean | Promise<boolean>;
  /** Forgets the domain of a device: it was changed here. */
  forget(deviceId: string): void;
}

export function createScope(devices: Devices, now: () => number): Scope {
  const known = new Map<string, { readonly domain: string | null; readonly until: number }>();

  async function lookUp(deviceId: string): Promise<string | null> {
    const until = now() + KNOWN_FOR;
    const domain = (await devices.get(deviceId))?.domain ?? null;
    known.delete(deviceId);
    known.set(deviceId, { domain, until });
    for (const oldest of known.keys()) {
      if (known.size <= MAX_KNOWN) break;
      known.delete(oldest);
    }
    return domain;
  }

  return {
    sees(account, deviceId) {
      if (isOverAll(account)) return true;
      if (deviceId === null) return false;
      const entry = known.get(deviceId);
      if (entry && now() < entry.until) return sees(account, entry);
      return lookUp(deviceId).then((domain) => sees(account, { domain }));
    },
    forget: (deviceId) => known.delete(deviceId),
  };
}
