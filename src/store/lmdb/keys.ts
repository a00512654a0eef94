/**
 * The keys of all rows: one kind byte, then what tells rows of this kind apart, so that one range of keys is one
 * question. One database holds them all: a second one would cost a page more in every commit.
 */
import type { KeysOf, TimeUuid } from '../store.js';

const VERSION = 0x01;
const NEXT_NUMBER = 0x02;
/** `path NUL`: status; `path NUL name`: a value. */
const NODE = 0x10;
/** `path NUL name`, no value. */
const CHILD = 0x11;
/** `path` of a node marked as deleted, no value. */
const DELETED = 0x12;
/** `path NUL u32`. */
const BLOCK = 0x13;
/** `id NUL type`: the u32 number under which the readings of this id and type lie. */
const NUMBER = 0x20;
/** `u32 number, u32 period, u64 timestamp, 8 bytes of the rest`. */
const READING = 0x21;
/** `u48 expires`, then the key of a reading from its number on; no value. */
const EXPIRY = 0x22;

export type Key = Buffer;
/** Keys from `start`, inclusive, to `end`, exclusive. */
export interface KeyRange {
  readonly start: Key;
  readonly end: Key;
}

export const versionKey: Key = Buffer.from([VERSION]);
export const nextNumberKey: Key = Buffer.from([NEXT_NUMBER]);

/** Longest id of a series and longest type of a reading, in bytes of UTF-8. */
export const MAX_ID_BYTES = 255;
export const MAX_TYPE_BYTES = 255;
/** What LMDB takes with pages of 4 KiB. */
export const MAX_KEY_BYTES = 1_978;

export const READING_KEY_BYTES = 25;

export const nodeKey = (path: string): Key => textKey(NODE, path, '');
export const valueKey = (path: string, name: string): Key => textKey(NODE, path, name);
export const nodeKeys = (path: string): KeyRange => keysBelow(NODE, path);
export const childKey = (path: string, name: string): Key => textKey(CHILD, path, name);
export const childKeys = (path: string): KeyRange => keysBelow(CHILD, path);
export const numberKey = (id: string, type: string): Key => textKey(NUMBER, id, type);
export const numberKeys = (id: string): KeyRange => keysBelow(NUMBER, id);
export const deletedKey = (path: string): Key => Buffer.from(`${String.fromCharCode(DELETED)}${path}`);
export const deletedKeys: KeyRange = { start: Buffer.from([DELETED]), end: Buffer.from([DELETED + 1]) };

export function blockKey(path: string, block: number): Key {
  const key = Buffer.allocUnsafe(2 + Buffer.byteLength(path) + 4);
  key[0] = BLOCK;
  const end = 1 + key.write(path, 1);
  key[end] = 0;
  key.writeUInt32BE(block, end + 1);
  return key;
}

export function blockKeysFrom(path: string, block: number): KeyRange {
  return { start: blockKey(path, block), end: keysBelow(BLOCK, path).end };
}

/** All keys of one kind: each begins with what `keyIn` gives. */
export function keysOf(of: KeysOf): KeyRange {
  return { start: Buffer.from([kinds[of]]), end: Buffer.from([kinds[of] + 1]) };
}

/** Keys of one kind behind all those that begin with `before`. */
export function keysBehind(of: KeysOf, before: string): KeyRange {
  return { start: keysBelow(kinds[of], before).end, end: keysOf(of).end };
}

/** What stands before the NUL in a key of `keysOf`. */
export function keyIn(key: Key): string {
  return key.toString('utf8', 1, key.indexOf(0, 1));
}

const kinds: Readonly<Record<KeysOf, number>> = { nodes: NODE, children: CHILD, blocks: BLOCK, series: NUMBER };

/** The number in the key of a block. */
export const blockIn = (key: Key): number => key.readUInt32BE(key.length - 4);

/** What follows the NUL in the key of a node, child or number. */
export function nameIn(key: Key): string {
  return key.toString('utf8', key.indexOf(0, 1) + 1);
}

/** The path in a key of `deletedKeys`. */
export const pathIn = (key: Key): string => key.toString('utf8', 1);

export function readingKey(number: number, period: number, time: TimeUuid): Key {
  const key = Buffer.allocUnsafe(READING_KEY_BYTES);
  key[0] = READING;
  key.writeUInt32BE(number, 1);
  key.writeUInt32BE(period, 5);
  writeTime(key, 9, time);
  return key;
}

/** Readings of a period, or of all: every bound undefined means none. */
export function readingKeys(
  number: number,
  period?: number,
  from?: TimeUuid | undefined,
  to?: TimeUuid | undefined,
): KeyRange {
  const start = Buffer.alloc(from ? READING_KEY_BYTES : 9);
  start[0] = READING;
  start.writeUInt32BE(number, 1);
  start.writeUInt32BE(period ?? 0, 5);
  if (from) writeTime(start, 9, from);
  return { start, end: to && period !== undefined ? after(readingKey(number, period, to)) : endOf(number, period) };
}

export const periodIn = (key: Key): number => key.readUInt32BE(5);

/** The time UUID of a reading's key: the timestamp as it is compared, put back into the order of a UUID. */
export function timeIn(key: Key): TimeUuid {
  const time = new Uint8Array(16);
  time[0] = byte(key, 13);
  time[1] = byte(key, 14);
  time[2] = byte(key, 15);
  time[3] = byte(key, 16);
  time[4] = byte(key, 11);
  time[5] = byte(key, 12);
  time[6] = byte(key, 9) | 0x10;
  time[7] = byte(key, 10);
  for (let i = 0; i < 8; i++) time[8 + i] = byte(key, 17 + i) ^ 0x80;
  return time;
}

export function expiryKey(expires: number, reading: Key): Key {
  const key = Buffer.allocUnsafe(6 + READING_KEY_BYTES);
  key[0] = EXPIRY;
  key.writeUIntBE(expires, 1, 6);
  reading.copy(key, 7, 1);
  return key;
}

/** Keys of what expires at `until` (UNIX ms) or before. */
export function expiryKeysUntil(until: number): KeyRange {
  const end = Buffer.alloc(7);
  end[0] = EXPIRY;
  end.writeUIntBE(Math.max(0, Math.floor(until)) + 1, 1, 6);
  return { start: Buffer.from([EXPIRY]), end };
}

/** The key of the reading that a key of the expiry index names. */
export function readingKeyIn(expiry: Key): Key {
  const key = Buffer.allocUnsafe(READING_KEY_BYTES);
  key[0] = READING;
  expiry.copy(key, 1, 7);
  return key;
}

/** The least key that is greater. */
export function after(key: Key): Key {
  return Buffer.concat([key, Buffer.from([0])]);
}

function endOf(number: number, period: number | undefined): Key {
  const end = Buffer.alloc(9);
  end[0] = READING;
  end.writeUInt32BE(number, 1);
  end.writeUInt32BE(period === undefined ? 0xffffffff : period + 1, 5);
  return end;
}

/** Bytes in the order of their comparison: the timestamp from its highest bits on, the rest as signed bytes. */
function writeTime(key: Key, at: number, time: TimeUuid): void {
  key[at] = byte(time, 6) & 0x0f;
  key[at + 1] = byte(time, 7);
  key[at + 2] = byte(time, 4);
  key[at + 3] = byte(time, 5);
  key[at + 4] = byte(time, 0);
  key[at + 5] = byte(time, 1);
  key[at + 6] = byte(time, 2);
  key[at + 7] = byte(time, 3);
  for (let i = 8; i < 16; i++) key[at + i] = byte(time, i) ^ 0x80;
}

function byte(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function textKey(kind: number, before: string, behind: string): Key {
  const key = Buffer.from(`${String.fromCharCode(kind)}${before}\0${behind}`);
  if (key.length > MAX_KEY_BYTES) {
    throw new RangeError(`Key too long: ${key.length} bytes for ${JSON.stringify(before.slice(0, 80))}`);
  }
  return key;
}

function keysBelow(kind: number, before: string): KeyRange {
  const start = textKey(kind, before, '');
  const end = Buffer.from(start);
  end[end.length - 1] = 1;
  return { start, end };
}
