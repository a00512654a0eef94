/** Entities that have a name of their own: `/<kind>/<uuid>/` with the name, `/<kind>/by-name/<name>/` with the id. */
import { Refusal } from '../devices/refusal.js';
import { checkTitle, shown } from '../devices/text.js';
import type { Turns } from '../devices/turns.js';
import {
  deleteEntity,
  derivedId,
  type EntityKind,
  entityValues,
  loadEntity,
  restoreEntity,
} from '../registry/entity.js';
import { decodeName, encodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';

export interface NamedEntity {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  /** When it was marked as deleted, UNIX ms, 0: at an unknown time; null: it is not. */
  readonly deleted: number | null;
}

/** Every change resolves when it is durable; one that cannot be made rejects with a `Refusal`. */
export interface NamedEntities<T extends NamedEntity> {
  /** The one of this UUID, a deleted one too. */
  get(id: string): Promise<T | undefined>;
  /** The one of this UUID, or the one that is not deleted of this name. */
  find(idOrName: string): Promise<T | undefined>;
  /**
   * A page in the order of names, those after the name `after`; `deleted`: those marked as deleted whose name nobody
   * took since. `next` is the `after` of the next page, null at the end.
   */
  list(query: NamedQuery<T>): Promise<NamedPage<T>>;
  /** Rejects with `invalid`, or `conflict` when the name is taken. */
  create(name: string): Promise<T>;
  /** The one of a name, restored or made where there is none; gateways that do so at once make the same. */
  ensure(name: string): Promise<T>;
  rename(id: string, name: string): Promise<T>;
  /** Marks it as deleted: its name is free. */
  delete(id: string): Promise<T>;
  /** Rejects with `conflict` when its name was taken meanwhile. */
  restore(id: string): Promise<T>;
}

export interface NamedQuery<T> {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly deleted?: boolean | undefined;
  /** What must hold for those that are listed. */
  readonly where?: ((entity: T) => boolean) | undefined;
}

export interface NamedPage<T> {
  readonly entities: readonly T[];
  readonly next: string | null;
}

export interface NamedOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  /** UNIX ms. */
  readonly now: () => number;
  /** A new UUID. */
  readonly newId: () => string;
}

/** Names looked at in one go when a page is gathered. */
const CHUNK = 100;

export function openNamed<T extends NamedEntity>(kind: EntityKind<T>, options: NamedOptions): NamedEntities<T> {
  const { registry, now, newId } = options;
  const byName = (name: string) => path(kind.name, 'by-name', name);
  // All changes of names take turns here; among several gateways a name goes to the one that claims it first.
  const change = <R>(task: () => Promise<R>) => options.turns(kind.name, task);
  const get = (id: string) => loadEntity(registry, kind, id);
  /** Those that are being ensured: the first devices of an installation ask for the same domain all at once. */
  const ensuring = new Map<string, Promise<T>>();

  /** The one that an index entry stands for; an entry left behind by a name given up stands for none. */
  async function ofName(name: string): Promise<T | undefined> {
    const id = (await registry.get(byName(name)))?.values.get('id');
    const entity = id === undefined ? undefined : await get(id);
    return entity?.name === name ? entity : undefined;
  }

  async function alive(name: string): Promise<T | undefined> {
    const entity = await ofName(name);
    return entity?.deleted === null ? entity : undefined;
  }

  async function find(idOrName: string): Promise<T | undefined> {
    return (await get(idOrName.toLowerCase())) ?? (idOrName === '' ? undefined : alive(idOrName));
  }

  async function list({ after, limit, deleted = false, where }: NamedQuery<T>): Promise<NamedPage<T>> {
    const entities: T[] = [];
    let last = after === undefined || after === '' ? undefined : encodeName(after);
    while (entities.length <= limit) {
      const page = { limit: CHUNK, ...(last !== undefined && { after: last }) };
      const names = await registry.children(path(kind.name, 'by-name'), page);
      const found = await Promise.all(names.map((name) => ofName(decodeName(name))));
      for (const entity of found) {
        if (entity && (entity.deleted !== null) === deleted && (where?.(entity) ?? true)) entities.push(entity);
      }
      last = names.at(-1);
      if (names.length < CHUNK) break;
    }
    const shownEntities = entities.slice(0, limit);
    return { entities: shownEntities, next: entities.length > limit ? (shownEntities.at(-1)?.name ?? null) : null };
  }

  async function make(name: string, id: string): Promise<T> {
    await registry.edit([
      { edit: 'set', path: path(kind.name, id), values: entityValues(kind, { name }) },
      { edit: 'set', path: byName(name), values: { id } },
    ]);
    return must(id);
  }

  /** Refuses a name that is taken; gives the id that an entry left behind by a name given up has. */
  async function refuseTaken(name: string): Promise<string | undefined> {
    checkTitle(`name of a ${kind.name}`, name);
    const before = (await registry.get(byName(name)))?.values.get('id');
    const taken = await alive(name);
    if (taken) throw new Refusal('conflict', `The ${kind.name} ${shown(name)} exists already`, 'name');
    return before;
  }

  /**
   * The entity has the name already, so that whoever looks at the entry from now on finds it taken; `undo` is what is
   * done when another gateway was first.
   */
  async function claimName(name: string, before: string | undefined, id: string, undo: () => Promise<void>) {
    if (await registry.claim(byName(name), 'id', before, id)) return;
    await undo();
    throw new Refusal('conflict', `The ${kind.name} ${shown(name)} exists already: it was made at this moment`, 'name');
  }

  function restoredOrMade(name: string): Promise<T> {
    return change(async () => {
      const before = await ofName(name);
      if (before?.deleted === null) return before;
      if (before) {
        await restoreEntity(registry, kind, before.id);
        return must(before.id);
      }
      checkTitle(`name of a ${kind.name}`, name);
      const id = derivedId(`${kind.name}/${name}`);
      return make(name, (await get(id)) ? newId() : id);
    });
  }

  async function must(id: string): Promise<T> {
    const entity = await get(id);
    if (!entity) throw new Refusal('unknown', `There is no ${kind.name} ${shown(id)}`, kind.name);
    return entity;
  }

  return {
    get,
    find,
    list,
    create: (name) =>
      change(async () => {
        const before = await refuseTaken(name);
        const id = newId();
        const at = path(kind.name, id);
        await registry.create(at, entityValues(kind, { name }));
        await claimName(name, before, id, () => registry.remove(at));
        return must(id);
      }),
    async ensure(name) {
      const found = await alive(name);
      if (found) return found;
      const made = ensuring.get(name) ?? restoredOrMade(name).finally(() => ensuring.delete(name));
      ensuring.set(name, made);
      return made;
    },
    rename: (id, name) =>
      change(async () => {
        const before = await must(id);
        if (before.name === name && before.deleted === null) return before;
        if (before.deleted !== null)
          throw new Refusal('unknown', `The ${kind.name} ${shown(id)} is deleted`, kind.name);
        const entry = await refuseTaken(name);
        const at = path(kind.name, id);
        await registry.set(at, { name });
        await claimName(name, entry, id, () => registry.set(at, { name: before.name }));
        await registry.remove(byName(before.name));
        return must(id);
      }),
    delete: (id) =>
      change(async () => {
        const before = await must(id);
        if (before.deleted === null) await deleteEntity(registry, kind, id, now());
        return must(id);
      }),
    restore: (id) =>
      change(async () => {
        const before = await must(id);
        if (before.deleted === null) return before;
        const entry = await refuseTaken(before.name);
        await restoreEntity(registry, kind, id);
        await claimName(before.name, entry, id, () => deleteEntity(registry, kind, id, now()));
        return must(id);
      }),
  };
}
