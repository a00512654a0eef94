/** The registry: a tree of nodes, each with a map of values, over the rows of a store. */
import type { Store } from '../store/store.js';

/** A node that exists. */
export interface RegistryNode {
  readonly path: string;
  readonly values: ReadonlyMap<string, string>;
}

/** One change of `edit`. */
export type Edit =
  /** Sets values, and creates the node (and the nodes above it) where it is missing. */
  | { readonly edit: 'set'; readonly path: string; readonly values: Readonly<Record<string, string>> }
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
  /** Deletes for real the node and all below it: status, values, blocks. */
  remove(path: string): Promise<void>;
  /** Deletes for real all that is marked as deleted; resolves to how many nodes. */
  cleanup(): Promise<number>;
}

export function openRegistry(_store: Store): Registry {
  throw new Error('not built yet');
}
