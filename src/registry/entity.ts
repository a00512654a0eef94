/**
 * Entities: nodes `/<kind>/<uuid>/` whose values have a layout with a version. What an older version left behind is
 * upgraded step by step when it is loaded; what a newer one wrote is not touched.
 */
import { v5 } from 'uuid';
import { path } from './paths.js';
import type { Registry } from './registry.js';

export interface EntityKind<T> {
  /** As in paths and messages: `device`. */
  readonly name: string;
  /** The step at index n makes version n + 1 of version n; 0 is what has no version yet. */
  readonly upgrades: readonly Upgrade[];
  /** Makes the entity of values of the newest version; `deleted` as in `deletedDate`. */
  read(id: string, values: ReadonlyMap<string, string>, deleted: number | null): T;
}

/** Which values change, null: is removed. Made twice it must do no harm: two gateways may upgrade at once. */
export type Upgrade = (values: ReadonlyMap<string, string>) => Readonly<Record<string, string | null>>;

export const VERSION = '.version';
export const DELETED_DATE = '.deleted_date';

/** An entity of a layout that only a newer gateway knows. */
export class NewerLayout extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NewerLayout';
  }
}

/** Loads an entity, a deleted one too, and upgrades it; undefined: there is none. Rejects with `NewerLayout`. */
export async function loadEntity<T>(registry: Registry, kind: EntityKind<T>, id: string): Promise<T | undefined> {
  if (!isUuid(id)) return undefined;
  const at = path(kind.name, id);
  const node = await registry.getAny(at);
  if (!node) return undefined;
  const values = new Map(node.values);
  const changes = upgrade(kind, at, values);
  // A deleted one is only read as of today's layout: to write it would be to restore it.
  if (changes.size > 0 && !node.deleted) await writeChanges(registry, at, changes);
  return kind.read(id, values, node.deleted ? (timeValue(values.get(DELETED_DATE)) ?? 0) : null);
}

/** The values of a new entity. */
export function entityValues<T>(
  kind: EntityKind<T>,
  values: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return { ...values, [VERSION]: String(kind.upgrades.length) };
}

/** Marks an entity as deleted at `now`, UNIX ms. */
export async function deleteEntity<T>(registry: Registry, kind: EntityKind<T>, id: string, now: number): Promise<void> {
  const at = path(kind.name, id);
  await registry.set(at, { [DELETED_DATE]: String(now) });
  await registry.delete(at);
}

/** Undoes `deleteEntity`. */
export async function restoreEntity<T>(registry: Registry, kind: EntityKind<T>, id: string): Promise<void> {
  const at = path(kind.name, id);
  await registry.restore(at);
  await registry.unset(at, [DELETED_DATE]);
}

/**
 * The UUID (version 5) of what is known by a name, so that gateways that make it at once, even cut off from each other,
 * make the same.
 */
export function derivedId(name: string): string {
  return v5(name, NAMESPACE);
}

/** Never to be changed: ids that were derived would not be found again. */
const NAMESPACE = 'c7649e34-76e6-4fd0-b16d-92d0323bf970';

/** Whether a text is a UUID of any kind, in lower case: ids of old were made without version bits. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** A date kept as decimal UNIX ms; null: there is none, or it is none. */
export function timeValue(value: string | undefined): number | null {
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : null;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Brings `values` to the newest version; returns what changed. */
function upgrade<T>(kind: EntityKind<T>, at: string, values: Map<string, string>): Map<string, string | null> {
  const newest = kind.upgrades.length;
  const version = timeValue(values.get(VERSION) ?? '0');
  if (version === null || version > newest)
    throw new NewerLayout(
      `Unknown version of ${at}: ${JSON.stringify(values.get(VERSION))}, this gateway knows up to ${newest}`,
    );
  const changes = new Map<string, string | null>();
  for (const step of kind.upgrades.slice(version)) {
    for (const [name, value] of Object.entries(step(values))) {
      changes.set(name, value);
      if (value === null) values.delete(name);
      else values.set(name, value);
    }
  }
  if (version < newest) changes.set(VERSION, String(newest));
  return changes;
}

/** The version goes in the same write as what it stands for, and behind it. */
async function writeChanges(
  registry: Registry,
  at: string,
  changes: ReadonlyMap<string, string | null>,
): Promise<void> {
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of changes) {
    if (value === null) unset.push(name);
    else set[name] = value;
  }
  await registry.edit([
    { edit: 'unset', path: at, names: unset },
    { edit: 'set', path: at, values: set },
  ]);
}
