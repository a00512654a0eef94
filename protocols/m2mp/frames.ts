/**
 * Stream ↔ frames. A frame is a type byte, for most types a length of one, two or four bytes, and what that counts. A
 * frame that lies whole in a chunk is not copied; one that is cut is collected once, in memory that grows with what has
 * arrived and never with what was announced.
 */
import { type Direction, ProtocolError } from '../protocol.js';

/** Type bytes. Data and arrays have one for each width of their length. */
export const FRAME = {
  ident: 0x01,
  ping: 0x02,
  serverPing: 0x03,
  definition: 0x20,
  data: { 1: 0x21, 2: 0x41, 4: 0x61 },
  array: { 1: 0x22, 2: 0x42, 4: 0x62 },
} as const;

/** Bytes that hold a length. */
export type Width = 1 | 2 | 4;

/** The largest length: 1 MiB, the channel's id included. */
export const MAX_LENGTH = 1_048_576;
/** The largest frame of a device that has not identified itself; a larger one is skipped without being kept. */
export const MAX_UNIDENTIFIED_FRAME = 2_048;
/** Bytes and chunks that may wait unread while a session waits to be told an outcome. */
export const MAX_UNREAD_BYTES = 1_048_576;
export const MAX_UNREAD_CHUNKS = 4_096;
/** Bytes of a broken frame that go into an error. */
export const MAX_SHOWN_BYTES = 64;

/** One frame, as a stretch of `bytes`. */
export interface Frame {
  readonly type: number;
  readonly bytes: Buffer;
  /** Offset of the type byte. */
  readonly start: number;
  /** Offset behind the type and the length. */
  readonly content: number;
  /** Offset behind the frame; equal to `content` when it was not kept. */
  readonly end: number;
  /** False: larger than the reader keeps, so all but the header was skipped. */
  readonly kept: boolean;
}

/** Cuts a stream into frames. One chunk is pushed at a time, then `next` is called until it gives null. */
export class FrameReader {
  /** Size in bytes, header included, over which a frame is skipped without being kept. */
  keepAtMost = Number.POSITIVE_INFINITY;
  /** What breaks the framing: nothing is read any more. */
  problem: ProtocolError | null = null;

  readonly #widths: Int8Array;
  #chunk: Buffer = NOTHING;
  #at = 0;
  /** Chunks behind the one being read, from `#queueAt` on. */
  #queue: Buffer[] = [];
  #queueAt = 0;
  #queuedBytes = 0;
  /** Bytes of a skipped frame that are still to come. */
  #toSkip = 0;
  /** The beginning of a frame that was cut: its bytes so far, and its size once its header is whole. */
  #held: Buffer = NOTHING;
  #heldLength = 0;
  #heldSize = 0;

  /** `direction` is who sends: the two answers to an identification differ in length. */
  constructor(direction: Direction) {
    this.#widths = direction === 'device' ? WIDTHS_OF_DEVICE : WIDTHS_OF_SERVER;
  }

  push(bytes: Uint8Array): void {
    const chunk = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (this.#at === this.#chunk.length && this.#queuedBytes === 0) {
      this.#chunk = chunk;
      this.#at = 0;
    } else if (chunk.length > 0) {
      this.#queue.push(chunk);
      this.#queuedBytes += chunk.length;
    }
  }

  /** Whether more waits unread than may. */
  get overfull(): boolean {
    const bytes = this.#chunk.length - this.#at + this.#queuedBytes;
    return bytes > MAX_UNREAD_BYTES || this.#queue.length - this.#queueAt > MAX_UNREAD_CHUNKS;
  }

  /** The next frame, or null: it is not whole yet, or there is a `problem`. */
  next(): Frame | null {
    if (this.problem) return null;
    if (this.#heldLength > 0) return this.#collect();
    while (this.#toSkip > 0) if (!this.#skip()) return null;
    while (this.#at === this.#chunk.length) if (!this.#nextChunk()) return null;

    const bytes = this.#chunk;
    const start = this.#at;
    const size = this.#measure(bytes, start, bytes.length);
    if (size === BROKEN) return null;
    if (size === UNKNOWN) return this.#collect();
    const content = start + this.#headerLength(bytes, start);
    if (size > this.keepAtMost) {
      this.#at = content;
      this.#toSkip = size - (content - start);
      return { type: byteAt(bytes, start), bytes, start, content, end: content, kept: false };
    }
    const end = start + size;
    if (end > bytes.length) return this.#collect();
    this.#at = end;
    return { type: byteAt(bytes, start), bytes, start, content, end, kept: true };
  }

  /** Collects a frame that is cut over chunks. */
  #collect(): Frame | null {
    while (this.#heldSize === 0) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return null;
      if (this.#heldLength === 0) this.#held = Buffer.allocUnsafe(HELD_AT_FIRST);
      this.#held[this.#heldLength++] = byteAt(this.#chunk, this.#at++);
      const size = this.#measure(this.#held, 0, this.#heldLength);
      if (size === BROKEN) return null;
      if (size > this.keepAtMost) return this.#skipHeld(size);
      if (size !== UNKNOWN) this.#heldSize = size;
    }
    while (this.#heldLength < this.#heldSize) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return null;
      const take = Math.min(this.#heldSize - this.#heldLength, this.#chunk.length - this.#at);
      this.#grow(this.#heldLength + take);
      this.#chunk.copy(this.#held, this.#heldLength, this.#at, this.#at + take);
      this.#heldLength += take;
      this.#at += take;
    }
    const bytes = this.#held;
    const end = this.#heldSize;
    this.#forgetHeld();
    return { type: byteAt(bytes, 0), bytes, start: 0, content: this.#headerLength(bytes, 0), end, kept: true };
  }

  #skipHeld(size: number): Frame {
    const bytes = this.#held;
    const content = this.#heldLength;
    this.#toSkip = size - content;
    this.#forgetHeld();
    return { type: byteAt(bytes, 0), bytes, start: 0, content, end: content, kept: false };
  }

  #forgetHeld(): void {
    // What was handed out may still be looked at, so it is not used again.
    this.#held = NOTHING;
    this.#heldLength = 0;
    this.#heldSize = 0;
  }

  /** Doubles, so that a frame that comes byte by byte is copied in linear time. */
  #grow(needed: number): void {
    if (needed <= this.#held.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.#heldSize, Math.max(needed, 2 * this.#held.length)));
    this.#held.copy(grown, 0, 0, this.#heldLength);
    this.#held = grown;
  }

  #skip(): boolean {
    if (this.#at === this.#chunk.length && !this.#nextChunk()) return false;
    const take = Math.min(this.#toSkip, this.#chunk.length - this.#at);
    this.#at += take;
    this.#toSkip -= take;
    return true;
  }

  #nextChunk(): boolean {
    const chunk = this.#queue[this.#queueAt];
    if (chunk === undefined) {
      this.#chunk = NOTHING;
      this.#at = 0;
      return false;
    }
    this.#queueAt++;
    this.#queuedBytes -= chunk.length;
    if (this.#queueAt === this.#queue.length) {
      this.#queue = [];
      this.#queueAt = 0;
    }
    this.#chunk = chunk;
    this.#at = 0;
    return true;
  }

  #headerLength(bytes: Buffer, start: number): number {
    return 1 + widthAt(this.#widths, byteAt(bytes, start));
  }

  /** Size of the frame at `start` in bytes; UNKNOWN: its header is not whole; BROKEN: `problem` says why. */
  #measure(bytes: Buffer, start: number, end: number): number {
    const type = byteAt(bytes, start);
    const width = widthAt(this.#widths, type);
    if (width === 0) return 2;
    if (width < 0) return this.#broken(`Unknown frame type ${hexByte(type)}`, bytes, start, end);
    if (end - start <= width) return UNKNOWN;
    const length = readUint(bytes, start + 1, width);
    // An ident may be empty: that is for the session to refuse.
    if (length === 0 && type !== FRAME.ident)
      return this.#broken(`Invalid length: 0 of a frame ${hexByte(type)}, expected at least 1`, bytes, start, end);
    if (length > MAX_LENGTH)
      return this.#broken(`Invalid length: ${length}, expected at most ${MAX_LENGTH}`, bytes, start, end);
    return 1 + width + length;
  }

  #broken(why: string, bytes: Buffer, start: number, end: number): number {
    const shown = bytes.subarray(start, Math.min(end, start + MAX_SHOWN_BYTES));
    this.problem = new ProtocolError('protocol_error', why, shown);
    return BROKEN;
  }
}

/** The width of the length that follows a type byte in a device's stream; 0: no length, one byte follows; -1: unknown. */
export function lengthWidth(type: number): number {
  return widthAt(WIDTHS_OF_DEVICE, type);
}

/** Reads a big-endian integer of one, two or four bytes. */
export function readUint(bytes: Uint8Array, at: number, width: number): number {
  const first = byteAt(bytes, at);
  if (width === 1) return first;
  const two = (first << 8) | byteAt(bytes, at + 1);
  if (width === 2) return two;
  return ((two << 16) | (byteAt(bytes, at + 2) << 8) | byteAt(bytes, at + 3)) >>> 0;
}

/** Writes a big-endian integer of one, two or four bytes. */
export function writeUint(bytes: Uint8Array, at: number, width: number, value: number): void {
  for (let i = width - 1, rest = value; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[at + i] = rest & 0xff;
}

/** The smallest width that holds a length. */
export function widthFor(length: number): Width {
  return length <= 0xff ? 1 : length <= 0xffff ? 2 : 4;
}

/** `0x21` */
export function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}

const NOTHING = Buffer.alloc(0);
/** Bytes allocated for a frame that was cut, before it is known to be longer. */
const HELD_AT_FIRST = 64;
const UNKNOWN = 0;
const BROKEN = -1;

const WIDTHS_OF_SERVER = Int8Array.from({ length: 256 }, (_, type) => {
  if (type >= FRAME.ident && type <= FRAME.serverPing) return 0;
  if (type >= 0x20 && type <= 0x40) return 1;
  if (type >= 0x41 && type <= 0x60) return 2;
  if (type >= 0x61 && type <= 0x80) return 4;
  return -1;
});
const WIDTHS_OF_DEVICE = Int8Array.from(WIDTHS_OF_SERVER);
WIDTHS_OF_DEVICE[FRAME.ident] = 1;

/** The types say that a byte may be missing; every caller has checked that it is there. */
function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function widthAt(widths: Int8Array, type: number): number {
  return widths[type] ?? -1;
}
