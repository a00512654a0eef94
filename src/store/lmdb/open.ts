/** Opens a directory: one process at a time, a whole file, a layout that is known. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open } from 'lmdb';
import { lockDirectory } from '../directory-lock.js';
import { StoreNotOpened } from '../errors.js';
import type { Store } from '../store.js';
import { type Database, freeBytes } from './commit.js';
import { checkDataFile } from './data-file.js';
import { versionKey } from './keys.js';
import { createLmdbStore } from './store.js';

/** The layout of rows this code writes; see docs/data-model.md. Raise it with every change older code would misread. */
export const LAYOUT_VERSION = 1;

/** Bytes without which LMDB's own lock table cannot be made, and touching it would end the process. */
const LEAST_FREE = 64 * 1024;

export interface LmdbOptions {
  readonly directory: string;
  readonly mapSize: number;
  readonly deadline: number;
  readonly now: () => number;
}

export async function openLmdb(options: LmdbOptions): Promise<Store> {
  const { directory, mapSize } = options;
  mkdirSync(directory, { recursive: true });
  const free = await freeBytes(directory);
  if (free < LEAST_FREE) {
    throw new StoreNotOpened(
      'full',
      `No room in ${directory}: ${free} bytes free, at least ${LEAST_FREE} needed to start`,
    );
  }
  const release = lockDirectory(directory);
  try {
    checkDataFile(join(directory, 'data.mdb'));
    const db: Database = open({
      path: directory,
      // Without it a directory with a dot in its name is taken for a file.
      noSubdir: false,
      // A failed sync must reject the write as well; see docs/durability.md.
      overlappingSync: false,
      // Rows that are looked for see those that were written before them.
      strictAsyncOrder: true,
      mapSize,
      keyEncoding: 'binary',
      encoding: 'binary',
    });
    try {
      await checkLayout(db, directory);
      return createLmdbStore(db, { ...options, release });
    } catch (error) {
      await db.close();
      throw error;
    }
  } catch (error) {
    release();
    throw error;
  }
}

async function checkLayout(db: Database, directory: string): Promise<void> {
  const version = db.get(versionKey)?.readUInt32BE();
  if (version === undefined) {
    if ([...db.getKeys({ start: Buffer.of(0), limit: 1 })].length > 0) {
      throw new StoreNotOpened('foreign', `${directory} holds a database of something else: choose another directory`);
    }
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(LAYOUT_VERSION);
    await db.put(versionKey, bytes);
  } else if (version > LAYOUT_VERSION) {
    const what = `The data in ${directory} has layout version ${version}, this program knows up to ${LAYOUT_VERSION}`;
    throw new StoreNotOpened('newer_layout', `${what}: run the newer version that wrote it`);
  }
}
