/** What a process of the gateway does. */

/**
 * - `gateway` serves devices,
 * - `api` serves the HTTP API,
 * - `storage` stores what is asked for on the bus (`store_ts`).
 */
export const ROLES = ['gateway', 'api', 'storage'] as const;
export type Role = (typeof ROLES)[number];

/** The roles of a list such as `gateway,storage`, each once. */
export function parseRoles(list: string): ReadonlySet<Role> {
  const named = new Set(list.split(','));
  return new Set(ROLES.filter((role) => named.has(role)));
}
