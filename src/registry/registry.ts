/** The registry: a tree of nodes, each with a map of values, over the rows of a store. */
import { NODE_CREATED, NODE_DELETED, type RegistryWrite, type Store } from '../store/store.js';
import { createOrdering } from './ordering.js';
import { checkPath, checkValueName, nameOf, parentOf, RegistryError, ROOT } from './paths.js';

/** A node that exists. */
export interface RegistryNode {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

/** One change of `edit`. */
export type Edit =
  /** Sets values, and creates the node (and the nodes above it) where it is missing. */
  | { readonly edit: 'set'; readonly path: string; readonly values: Readonly<Record<string, string>> }
  /**
   * The same without looking whether the node is there: for one whose parent is, which has no nodes below it, and as many
   * values as there are devices. Cassandra reads all of them to say that there is such a row.
   */
  | { readonly edit: 'put'; readonly path: string; readonly values: Readonly<Record<string, string>> }
  /** Removes values. */
  | { readonly edit: 'unset'; readonly path: string; readonly names: readonly string[] };

/**
 * Everything that changes something resolves when it is durable. Operations on one path take effect in the order of
 * the calls. Paths are made with `path()` of paths.ts; a wrong one rejects with `RegistryError`.
 */
export interface Registry {
  /** The node at `path`; undefined when it was never created or is marked as deleted. */
  get(path: string): Promise<RegistryNode | undefined>;
  /** The node at `path`, one marked as deleted too; undefined when it was never created or was removed. */
  getAny(path: string): Promise<(RegistryNode & { readonly deleted: boolean }) | undefined>;
  /** 0 never existed, 5 marked as deleted, 100 created. */
  status(path: string): Promise<number>;
  /** Creates the node and every missing one above it, and sets the values given; what it had before it keeps. */
  create(path: string, values?: Readonly<Record<string, string>>): Promise<void>;
  /** Creates only what is missing, nodes and values: an existing value wins. */
  check(path: string, values?: Readonly<Record<string, string>>): Promise<void>;
  /** Sets values, and creates the node where it is missing. */
  set(path: string, values: Readonly<Record<string, string>>): Promise<void>;
  /**
   * Sets one value where it is `before` (undefined: it is not there), and creates the node where it is missing; resolves
   * to whether it was. Of several who do so at once, on other gateways too, one is told so.
   */
  claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean>;
  /** Removes values. Names that do not exist do no harm. */
  unset(path: string, names: readonly string[]): Promise<void>;
  /** Several changes in one write, in their order. */
  edit(edits: readonly Edit[]): Promise<void>;
  /**
   * Names of the nodes below, as they stand in paths (`decodeName` gives the plain ones), in the order of their bytes,
   * those after `after`, at most `limit` (1,000 by default).
   */
  children(path: string, page?: { readonly after?: string; readonly limit?: number }): Promise<string[]>;
  /** The paths of the node and of all nodes below, parents first. */
  walk(path: string): AsyncIterable<string>;
  /** Marks the node and all below it as deleted and unlinks it from its parent. */
  delete(path: string): Promise<void>;
  /** Undoes `delete`. Rejects with `RegistryError` `not_found` when the node never existed or was removed. */
  restore(path: string): Promise<void>;
  /**
   * Deletes for real the node and all below it: status, values, blocks. What was deleted below it before, by itself,
   * is left to `cleanup`.
   */
  remove(path: string): Promise<void>;
  /** Deletes for real all that is marked as deleted; resolves to how many nodes. */
  cleanup(): Promise<number>;
}

/** Names of children given by one call of `children`, unless told otherwise, and at the most. */
export const CHILDREN_AT_ONCE = 1_000;
export const MAX_CHILDREN_AT_ONCE = 10_000;
/** Writes of one batch when a subtree is deleted, restored or removed. */
const MAX_WRITES_AT_ONCE = 5_000;

type Values = Readonly<Record<string, string>>;

export function openRegistry(store: Store): Registry {
  const ordering = createOrdering();

  async function getAny(path: string) {
    const row = await store.node(checkPath(path));
    if (row && row.status !== 0) return { path, values: row.values, deleted: row.status === NODE_DELETED };
    return path === ROOT ? { path, values: new Map<string, string>(), deleted: false } : undefined;
  }

  async function get(path: string): Promise<RegistryNode | undefined> {
    const node = await getAny(path);
    return node && !node.deleted ? { path, values: node.values } : undefined;
  }

  async function status(path: string): Promise<number> {
    return path === ROOT ? NODE_CREATED : store.status(checkPath(path));
  }

  async function create(path: string, values: Values = {}): Promise<void> {
    checkPath(path);
    const valuesWrites = setValues(path, values);
    await ordering.write(
      [path],
      () => creation(path),
      (creations) => submit([...creations, ...valuesWrites]),
    );
  }

  async function check(path: string, values: Values = {}): Promise<void> {
    checkPath(path);
    const wanted = setValues(path, values);
    await ordering.settle(path, async () => {
      const existing = (await get(path))?.values;
      const missing = wanted.filter((write) => !existing?.has(write.name));
      const writes = [...(await creation(path)), ...missing];
      if (writes.length > 0) await store.write(writes);
    });
  }

  async function claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean> {
    checkPath(path);
    checkValueName(name);
    let isOurs = false;
    await ordering.settle(path, async () => {
      const writes = await creation(path);
      if (writes.length > 0) await store.write(writes);
      isOurs = await store.claim(path, name, before, value);
    });
    return isOurs;
  }

  async function edit(edits: readonly Edit[]): Promise<void> {
    const [first] = edits;
    if (!first) return;
    for (const { path } of edits) checkPath(path);
    const changes = edits.map((one) =>
      one.edit === 'unset' ? unsetValues(one.path, one.names) : setValues(one.path, one.values),
    );
    const unseen = edits.filter((one) => one.edit === 'put').flatMap(({ path }) => creationOf(path));
    const created = new Set(edits.filter((one) => one.edit === 'set').map(({ path }) => path));
    const paths = [...new Set(edits.map(({ path }) => path))];
    await ordering.write(
      paths,
      () => Promise.all([...created].map(creation)),
      (creations) => submit([...unseen, ...creations.flat(), ...changes.flat()]),
    );
  }

  function submit(writes: RegistryWrite[]) {
    return { durable: writes.length > 0 ? store.write(writes) : Promise.resolve() };
  }

  /** What makes the node and every one above it that is missing. */
  async function creation(path: string): Promise<RegistryWrite[]> {
    const writes: RegistryWrite[] = [];
    for (let at: string | null = path; at !== null && at !== ROOT; at = parentOf(at)) {
      const found = await status(at);
      if (found === NODE_CREATED) break;
      // Children that were deleted with the node stay deleted: they must not show below the new one.
      if (found === NODE_DELETED) writes.push(...(await unlinkDeletedChildren(at)));
      writes.push(...creationOf(at));
    }
    return writes.reverse();
  }

  async function unlinkDeletedChildren(path: string): Promise<RegistryWrite[]> {
    const writes: RegistryWrite[] = [];
    for await (const name of namesBelow(path)) {
      if ((await status(`${path}${name}/`)) !== NODE_CREATED) writes.push({ write: 'deleteChild', path, name });
    }
    return writes;
  }

  async function children(path: string, { after, limit }: { after?: string; limit?: number } = {}): Promise<string[]> {
    const most = Math.min(limit ?? CHILDREN_AT_ONCE, MAX_CHILDREN_AT_ONCE);
    return store.children(checkPath(path), after, most);
  }

  async function* namesBelow(path: string): AsyncIterable<string> {
    let after: string | undefined;
    for (;;) {
      const names = await store.children(path, after, CHILDREN_AT_ONCE);
      yield* names;
      after = names.at(-1);
      if (names.length < CHILDREN_AT_ONCE) return;
    }
  }

  async function* walk(path: string): AsyncIterable<string> {
    if ((await status(path)) !== NODE_CREATED) return;
    yield path;
    for await (const name of namesBelow(path)) yield* walk(`${path}${name}/`);
  }

  /** All linked nodes below a path and the path itself, children first. */
  async function* upwards(path: string): AsyncIterable<string> {
    for await (const name of namesBelow(path)) yield* upwards(`${path}${name}/`);
    yield path;
  }

  /**
   * Writes what `writesOf` says for the node and all below it, children first: after a crash in the midst of it the
   * node is still what it was, and the operation can be repeated.
   */
  async function writeUpwards(path: string, writesOf: (path: string) => Promise<RegistryWrite[]>): Promise<void> {
    let writes: RegistryWrite[] = [];
    for await (const one of upwards(path)) {
      writes.push(...(await writesOf(one)));
      if (writes.length >= MAX_WRITES_AT_ONCE) {
        await store.write(writes);
        writes = [];
      }
    }
    if (writes.length > 0) await store.write(writes);
  }

  async function remove(path: string): Promise<void> {
    await writeUpwards(path, async (one) => [
      { write: 'deleteBlocks', path: one, from: 0 },
      { write: 'deleteNode', path: one },
      ...linkWrites('deleteChild', one),
    ]);
  }

  async function markDeleted(path: string): Promise<void> {
    if ((await status(path)) !== NODE_CREATED) return;
    await writeUpwards(path, async (one) => [
      ...(one === path ? linkWrites('deleteChild', one) : []),
      { write: 'status', path: one, status: NODE_DELETED },
    ]);
  }

  async function restore(path: string): Promise<void> {
    const found = await status(path);
    if (found === 0) throw new RegistryError('not_found', `There is no node ${path} to restore`);
    if (found === NODE_CREATED) return;
    const parent = parentOf(path) ?? ROOT;
    const above = await creation(parent);
    if (above.length > 0) await store.write(above);
    await writeUpwards(path, async (one) => [
      { write: 'status', path: one, status: NODE_CREATED },
      ...(one === path ? linkWrites('child', one) : []),
    ]);
  }

  async function cleanup(): Promise<number> {
    let removed = 0;
    for (;;) {
      const marked = await store.deletedNodes(undefined, CHILDREN_AT_ONCE);
      if (marked.length === 0) return removed;
      for (const path of marked) {
        // One that was below another one is gone with it.
        if ((await status(path)) !== NODE_DELETED) continue;
        await remove(path);
        removed++;
      }
    }
  }

  return {
    get,
    getAny,
    status,
    create,
    check,
    set: create,
    claim,
    unset: (path, names) => edit([{ edit: 'unset', path, names }]),
    edit,
    children,
    walk: (path) => walk(checkPath(path)),
    delete: async (path) => ordering.alone(() => markDeleted(notRoot(path, 'deleted'))),
    restore: async (path) => ordering.alone(() => restore(checkPath(path))),
    remove: async (path) => ordering.alone(() => remove(notRoot(path, 'removed'))),
    cleanup: () => ordering.alone(cleanup),
  };
}

type ValueWrite = Extract<RegistryWrite, { write: 'value' }>;

function setValues(path: string, values: Values): ValueWrite[] {
  return Object.entries(values).map(([name, value]) => ({ write: 'value', path, name: checkValueName(name), value }));
}

function unsetValues(path: string, names: readonly string[]): RegistryWrite[] {
  return names.map((name) => ({ write: 'deleteValue', path, name: checkValueName(name) }));
}

function creationOf(path: string): RegistryWrite[] {
  return [{ write: 'status', path, status: NODE_CREATED }, ...linkWrites('child', path)];
}

function linkWrites(write: 'child' | 'deleteChild', path: string): RegistryWrite[] {
  const parent = parentOf(path);
  return parent === null ? [] : [{ write, path: parent, name: nameOf(path) }];
}

function notRoot(path: string, what: string): string {
  if (checkPath(path) === ROOT) throw new RegistryError('root', `The root cannot be ${what}`);
  return path;
}
