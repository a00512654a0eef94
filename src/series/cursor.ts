/**
 * Cursors: where a page ended, as opaque text. A cursor belongs to one id, type and order, and says so in a checksum:
 * it keeps clients from mixing them up. It is no secret; it opens nothing that its query does not.
 */
import type { TimeUuid } from '../store/store.js';
import { SeriesError } from './errors.js';
import { hash64 } from './hash.js';
import { parseUuid } from './time-uuid.js';

/** The reading after which to go on. */
export interface Position {
  readonly time: TimeUuid;
  readonly type: string;
}

/** What a cursor belongs to. */
export interface CursorOf {
  readonly id: string;
  readonly type?: string | undefined;
  readonly order: 'newest' | 'oldest';
}

/** Longest cursor taken, in characters; the longest that is made has 375. */
const MAX_CURSOR_LENGTH = 512;
const TIME_BYTES = 16;
const CHECKSUM_BYTES = 8;

export function encodeCursor(of: CursorOf, { time, type }: Position): string {
  const position = Buffer.concat([time, Buffer.from(type)]);
  return Buffer.concat([checksum(of, position), position]).toString('base64url');
}

/** Throws `SeriesError` `invalid_cursor` on anything that `encodeCursor` did not make for the same query. */
export function decodeCursor(of: CursorOf, cursor: string): Position {
  const bytes = cursor.length <= MAX_CURSOR_LENGTH ? Buffer.from(cursor, 'base64url') : Buffer.alloc(0);
  const position = bytes.subarray(CHECKSUM_BYTES);
  const time = new Uint8Array(position.subarray(0, TIME_BYTES));
  const type = position.toString('utf8', TIME_BYTES);
  const right =
    position.length > TIME_BYTES &&
    bytes.toString('base64url') === cursor &&
    checksum(of, position).equals(bytes.subarray(0, CHECKSUM_BYTES)) &&
    parseUuid(position.toString('hex', 0, TIME_BYTES).replace(DASHES, '$1-$2-$3-$4-$5')) !== undefined;
  if (!right) {
    const shown = JSON.stringify(cursor.slice(0, 80));
    throw new SeriesError('invalid_cursor', `Invalid cursor: ${shown}, expected one from a page of the same query`);
  }
  return { time, type };
}

const DASHES = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/;

function checksum({ id, type, order }: CursorOf, position: Buffer): Buffer {
  const sum = Buffer.alloc(CHECKSUM_BYTES);
  hash64(JSON.stringify([id, type ?? null, order]), position.toString('latin1'), sum, 0);
  return sum;
}
