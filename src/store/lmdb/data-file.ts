/** Whether LMDB's file is as long as it says: reading behind the end of a mapped file ends the process by SIGBUS. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StoreNotOpened } from '../errors.js';

// A page's header has 24 bytes in LMDB's format 2; then stand in a meta page: magic, version, address (8), size of
// the map (8), two databases of 48 bytes of which the first begins with the page size, last page (8), transaction (8).
const META_AT = 24;
const MAGIC = 0xbeefc0de;
const FORMAT = 2;
const PAGE_SIZE_AT = META_AT + 24;
const LAST_PAGE_AT = META_AT + 120;
const TRANSACTION_AT = META_AT + 128;
const META_END = TRANSACTION_AT + 8;

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

/** Throws `StoreNotOpened` when the file was cut. No file, or an empty one, is a new database. */
export function checkDataFile(file: string): void {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return;
    const first = readMeta(fd, 0);
    if (!first) throw new StoreNotOpened('foreign', `${file} is not a database of this program`);
    const second = readMeta(fd, first.pageSize);
    const newest = second && second.transaction > first.transaction ? second : first;
    const needed = (newest.lastPage + 1) * newest.pageSize;
    if (size < needed) {
      const what = `${file} was cut: it has ${size} bytes and says that it has ${needed}`;
      throw new StoreNotOpened('damaged', `${what}. Put a backup in its place`);
    }
  } finally {
    closeSync(fd);
  }
}

function readMeta(fd: number, at: number): Meta | undefined {
  const page = Buffer.alloc(META_END);
  if (readSync(fd, page, 0, META_END, at) < META_END) return undefined;
  if (page.readUInt32LE(META_AT) !== MAGIC || page.readUInt32LE(META_AT + 4) !== FORMAT) return undefined;
  return {
    pageSize: page.readUInt32LE(PAGE_SIZE_AT),
    lastPage: Number(page.readBigUInt64LE(LAST_PAGE_AT)),
    transaction: page.readBigUInt64LE(TRANSACTION_AT),
  };
}
