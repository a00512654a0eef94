/** The store on LMDB. */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeysOf, NodeRow, Store, Write } from '../store.js';
import { type CommitOptions, type Database, freeBytes, openCommits } from './commit.js';
import {
  blockIn,
  blockKey,
  blockKeysFrom,
  childKey,
  childKeys,
  deletedKey,
  deletedKeys,
  expiryKeysUntil,
  type KeyRange,
  keyIn,
  keysBehind,
  keysOf,
  nameIn,
  nodeKeys,
  numberKeys,
  pathIn,
  readingKeyIn,
  valueKey,
} from './keys.js';
import { expiresIn } from './reading-value.js';
import { hasRows, type NumberedType, periodsOf, readRows } from './rows.js';
import { openSeriesNumbers } from './series-numbers.js';
import { createWriter, looksForRows, sizeOf } from './writes.js';

export interface LmdbStoreOptions extends CommitOptions {
  readonly mapSize: number;
  /** UNIX ms. */
  readonly now: () => number;
  /** Gives the directory free; called once the database is closed. */
  readonly release: () => void;
}

export function createLmdbStore(db: Database, options: LmdbStoreOptions): Store {
  const commits = openCommits(db, options);
  const numbers = openSeriesNumbers((key) => db.get(key));
  let closed = false;

  async function write(batch: readonly Write[]): Promise<void> {
    if (closed) throw new Error('The store is closed');
    if (batch.length === 0) return;
    const writer = createWriter(db, numbers);
    const commit = batch.some(looksForRows) ? commits.transact : commits.commit;
    await commit(sizeOf(batch), (rows) => {
      for (const one of batch) writer.write(one, rows);
    });
    writer.committed();
  }

  async function claim(path: string, name: string, before: string | undefined, value: string): Promise<boolean> {
    if (closed) throw new Error('The store is closed');
    let isOurs = false;
    await commits.transact(sizeOf([{ write: 'value', path, name, value }]), (rows) => {
      isOurs = db.get(valueKey(path, name))?.toString() === before;
      if (isOurs) rows.put(valueKey(path, name), Buffer.from(value));
    });
    return isOurs;
  }

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
    const entry = numbers.find(id, type);
    return entry ? [{ type, number: entry.number }] : [];
  }

  async function removeExpired(now: number, limit: number): Promise<number> {
    const due = limit < 1 ? [] : [...db.getKeys({ ...expiryKeysUntil(now), limit })];
    if (due.length === 0) return 0;
    let removed = 0;
    await commits.transact({ rows: 2 * due.length, bytes: 0 }, (rows) => {
      removed = 0;
      for (const key of due) {
        const reading = readingKeyIn(key);
        const value = db.get(reading);
        // Written again since, a reading may live longer than this entry says.
        const expires = value ? expiresIn(value) : 0;
        if (expires && expires <= now) {
          rows.remove(reading);
          removed++;
        }
        rows.remove(key);
      }
    });
    return removed;
  }

  async function size(): Promise<{ used: number; free: number }> {
    const { size: used } = await stat(join(options.directory, 'data.mdb'));
    const free = Math.min(await freeBytes(options.directory), options.mapSize - used);
    return { used, free: Math.max(0, free) };
  }

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    await commits.settled();
    await db.close();
    options.release();
  }

  return {
    write,
    claim,
    node,
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
    removeExpired,
    size,
    close,
  };
}
