/** The stream of bytes ↔ frames: `7878` and a length of one byte, or `7979` and one of two, to `0d0a`. */
import { Unread } from '../unread.js';
import { crc16 } from './crc.js';

/** Longest frame that is taken, from its start to its `0d0a`. */
export const MAX_FRAME_BYTES = 8_192;

export interface Frame {
  /** Place in the stream, and length with start and end. */
  readonly at: number;
  readonly length: number;
  /** All of it, as it came. */
  readonly raw: Buffer;
  /** What it says, or what is wrong with it, for a person. */
  readonly packet: Packet | string;
}

/** What stands in a frame. */
export interface Packet {
  readonly protocol: number;
  readonly content: Buffer;
  readonly serial: number;
}

/**
 * Gives the frames of a stream. Bytes that are none, up to the next `0d0a`, are given as a frame that is wrong, and what
 * is behind them is read again.
 */
export class FrameReader {
  /** Whether no end came within the limit: nothing more is read. */
  tooLong = false;
  readonly #unread = new Unread();
  /** Whether what comes up to the next end is no frame. */
  #lost: string | null = null;

  /** Whether more waits than may wait: nothing more is read. */
  get overfull(): boolean {
    return this.#unread.overfull;
  }

  push(bytes: Uint8Array): void {
    if (!this.tooLong) this.#unread.push(bytes);
  }

  /** The next frame, or null: it has not come yet. */
  next(): Frame | null {
    if (this.tooLong || this.#unread.overfull) return null;
    const frame = this.#lost === null ? this.#frame() : this.#skipped(this.#lost);
    if (frame === null) this.#unread.release();
    return frame;
  }

  #frame(): Frame | null {
    const { bytes } = this.#unread;
    if (bytes.length < 2) return null;
    const headLength = bytes[0] !== bytes[1] ? 0 : bytes[0] === SHORT ? 3 : bytes[0] === LONG ? 4 : 0;
    if (headLength === 0) return this.#skipped('bytes that are no beginning of a frame');
    if (bytes.length < headLength) return null;
    const counted = headLength === 3 ? (bytes[2] ?? 0) : bytes.readUInt16BE(2);
    const length = headLength + counted + 2;
    if (counted < LEAST_COUNTED || length > MAX_FRAME_BYTES)
      return this.#skipped(`a length of ${counted}, expected ${LEAST_COUNTED} to ${MAX_FRAME_BYTES - headLength - 2}`);
    if (bytes.length < length) return null;
    if (bytes.readUInt16BE(length - 2) !== END) return this.#skipped('a length that does not lead to 0d0a');
    const at = this.#unread.at;
    const raw = this.#unread.take(length);
    const crc = raw.readUInt16BE(length - 4);
    const expected = crc16(raw, 2, length - 4);
    const packet = {
      protocol: raw[headLength] ?? 0,
      content: raw.subarray(headLength + 1, length - 6),
      serial: raw.readUInt16BE(length - 6),
    };
    return { at, length, raw, packet: crc === expected ? packet : `the check ${hex(crc)}, expected ${hex(expected)}` };
  }

  /** What stands before the next end, that end included. */
  #skipped(why: string): Frame | null {
    const { bytes, at } = this.#unread;
    const end = bytes.indexOf(END_BYTES);
    if (end === -1 || end + 2 > MAX_FRAME_BYTES) {
      this.#lost = why;
      this.tooLong = end !== -1 || bytes.length > MAX_FRAME_BYTES;
      return null;
    }
    this.#lost = null;
    return { at, length: end + 2, raw: this.#unread.take(end + 2), packet: why };
  }
}

/** A frame: the short form where it fits. Throws RangeError for a content over the limit. */
export function frameOf(protocol: number, content: Uint8Array, serial: number, long = false): Buffer {
  const counted = content.length + LEAST_COUNTED;
  if (counted + 6 > MAX_FRAME_BYTES)
    throw new RangeError(`Invalid content: ${content.length} bytes, expected at most ${MAX_FRAME_BYTES - 11}`);
  const head =
    long || counted > 0xff ? Buffer.of(LONG, LONG, counted >> 8, counted & 0xff) : Buffer.of(SHORT, SHORT, counted);
  const frame = Buffer.concat([head, Buffer.of(protocol), content, Buffer.alloc(6)]);
  frame.writeUInt16BE(serial, frame.length - 6);
  frame.writeUInt16BE(crc16(frame, 2, frame.length - 4), frame.length - 4);
  frame.writeUInt16BE(END, frame.length - 2);
  return frame;
}

function hex(value: number): string {
  return value.toString(16).padStart(4, '0');
}

const SHORT = 0x78;
const LONG = 0x79;
const END = 0x0d0a;
const END_BYTES = Buffer.of(0x0d, 0x0a);
/** What a length counts at least: protocol, serial number and check. */
const LEAST_COUNTED = 5;
