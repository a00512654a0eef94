/** What is read of LMDB. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeysOf, NodeRow, Reads } from '../store.js';
import { type Database, freeBytes } from './commit.js';
import {
  blockIn,
  blockKey,
  blockKeysFrom,
  childKey,
  childKeys,
  deletedKey,
  deletedKeys,
  type KeyRange,
  keyIn,
  keysBehind,
  keysOf,
  nameIn,
  nodeKey,
  nodeKeys,
  numberKeys,
  pathIn,
} from './keys.js';
import { hasRows, type NumberedType, periodsOf, readRows } from './rows.js';
import type { SeriesNumbers } from './series-numbers.js';

export interface ReadOptions {
  readonly directory: string;
  readonly mapSize: number;
  /** UNIX ms. */
  readonly now: () => number;
}

/** `find` gives the number of a series. */
export function createReads(db: Database, find: SeriesNumbers['find'], options: ReadOptions): Reads {
  async function node(path: string): Promise<NodeRow | undefined> {
    let status: number | undefined;
    const values = new Map<string, string>();
    for (const { key, value } of db.getRange(nodeKeys(path))) {
      const name = nameIn(key);
      if (name === '') status = value[0];
      else values.set(name, value.toString());
    }
    return status === undefined && values.size === 0 ? undefined : { status: status ?? 0, values };
  }

  async function children(path: string, after: string | undefined, limit: number): Promise<string[]> {
    const { start, end } = childKeys(path);
    return keys(
      { start: after === undefined ? start : childKey(path, after), end },
      after !== undefined,
      limit,
      nameIn,
    );
  }

  async function deletedNodes(after: string | undefined, limit: number): Promise<string[]> {
    const { start, end } = deletedKeys;
    return keys({ start: after === undefined ? start : deletedKey(after), end }, after !== undefined, limit, pathIn);
  }

  function keys(range: KeyRange, exclusiveStart: boolean, limit: number, textOf: (key: Buffer) => string): string[] {
    return limit < 1 ? [] : [...db.getKeys({ ...range, exclusiveStart, limit })].map(textOf);
  }

  /** A jump from each to the next: what lies below it is not read. */
  async function keysOfKind(of: KeysOf, after: string | undefined, limit: number): Promise<string[]> {
    const found: string[] = [];
    let range = after === undefined ? keysOf(of) : keysBehind(of, after);
    while (found.length < limit) {
      const [key] = db.getKeys({ ...range, limit: 1 });
      if (!key) break;
      found.push(keyIn(key));
      range = keysBehind(of, keyIn(key));
    }
    return found;
  }

  function typesOf(id: string): NumberedType[] {
    return [...db.getRange(numberKeys(id))]
      .map(({ key, value }) => ({ type: nameIn(key), number: value.readUInt32BE() }))
      .filter(({ number }) => hasRows(db, number));
  }

  function numbered(id: string, type: string | undefined): NumberedType[] {
    if (type === undefined) return typesOf(id);
    const entry = find(id, type);
    return entry ? [{ type, number: entry.number }] : [];
  }

  async function size(): Promise<{ used: number; free: number }> {
    const { size: used } = await stat(join(options.directory, 'data.mdb'));
    const free = Math.min(await freeBytes(options.directory), options.mapSize - used);
    return { used, free: Math.max(0, free) };
  }

  return {
    node,
    status: async (path) => db.get(nodeKey(path))?.[0] ?? 0,
    children,
    deletedNodes,
    block: async (path, block) => db.get(blockKey(path, block)),
    blocks: async (path) => [...db.getKeys(blockKeysFrom(path, 0))].map(blockIn),
    keys: keysOfKind,
    types: async (id) => typesOf(id).map(({ type }) => type),
    periods: async (id, type) =>
      periodsOf(
        db,
        numbered(id, type).map(({ number }) => number),
      ),
    rows: (query) => readRows(db, numbered(query.id, query.type), query, options.now),
    size,
  };
}
