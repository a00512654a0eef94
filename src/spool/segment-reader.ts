/** Reads the records of segments one after the other, a piece of the file at a time. */
import { open } from 'node:fs/promises';
import { StoreFailed } from '../store/store.js';
import { type Position, segmentFile } from './directory.js';
import { findRecord, readingsOf, recordLength } from './records.js';
import { asStoreError } from './segment-writer.js';
import type { SpooledRecord } from './spool.js';

/** Bytes that are read at once, unless a record has more. */
const READ_BYTES = 1 << 20;

export interface SegmentReader {
  /**
   * The record at a place, of a segment of which `size` bytes count. Rejects with `StoreFailed` where there is none, with
   * `StoreFull` where no file can be opened.
   */
  read(start: Position, size: number): Promise<SpooledRecord>;
}

interface Piece {
  readonly from: Position;
  readonly bytes: Buffer;
}

export function createSegmentReader(directory: string): SegmentReader {
  let piece: Piece | null = null;

  async function read(start: Position, size: number): Promise<SpooledRecord> {
    const found = recordIn(piece, start) ?? recordIn(await load(start, size, READ_BYTES), start);
    if (found) return found;
    const length = piece ? recordLength(piece.bytes, start.offset - piece.from.offset) : undefined;
    const again = length === undefined ? undefined : recordIn(await load(start, size, length), start);
    if (again) return again;
    throw new StoreFailed(`${segmentFile(directory, start.segment)} has no whole record at ${start.offset} any more`);
  }

  async function load(from: Position, size: number, most: number): Promise<Piece> {
    const bytes = Buffer.allocUnsafeSlow(Math.min(most, size - from.offset));
    const file = await open(segmentFile(directory, from.segment), 'r').catch((error: unknown) => {
      throw asStoreError(error);
    });
    try {
      let at = 0;
      while (at < bytes.length) {
        const { bytesRead } = await file.read(bytes, at, bytes.length - at, from.offset + at);
        if (bytesRead === 0) break;
        at += bytesRead;
      }
      piece = { from, bytes: bytes.subarray(0, at) };
      return piece;
    } finally {
      await file.close();
    }
  }

  return { read };
}

function recordIn(piece: Piece | null, start: Position): SpooledRecord | undefined {
  if (piece?.from.segment !== start.segment || start.offset < piece.from.offset) return undefined;
  const found = findRecord(piece.bytes, start.offset - piece.from.offset);
  if (!found) return undefined;
  const end = { segment: start.segment, offset: piece.from.offset + found.end };
  return { readings: readingsOf(piece.bytes, found), at: found.at, start, end };
}
