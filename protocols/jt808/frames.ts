/** The stream of bytes ↔ frames: `7e`, escaped content with its check byte, `7e`. */
import { Unread } from '../unread.js';

/** Longest frame as it goes over the wire, without its two ends: 1,045 bytes, each of them escaped, are 2,090. */
export const MAX_FRAME_BYTES = 4_096;

/** What stood between two ends. */
export interface Frame {
  /** Place in the stream of its first byte, and length with its ends. */
  readonly at: number;
  readonly length: number;
  /** As it came, without its ends. */
  readonly raw: Buffer;
}

/**
 * Gives what stands between two `7e`. A device that joins one message to the next by a single `7e` is understood, and
 * noise costs no more than what it touches.
 */
export class FrameReader {
  /** Whether a frame is over the limit: nothing more is read. */
  tooLong = false;
  readonly #unread = new Unread();

  /** Whether more waits than may wait: nothing more is read. */
  get overfull(): boolean {
    return this.#unread.overfull;
  }

  push(bytes: Uint8Array): void {
    if (!this.tooLong) this.#unread.push(bytes);
  }

  /** The next frame, or null: it has not come yet, or is too long. */
  next(): Frame | null {
    const unread = this.#unread;
    if (this.tooLong || unread.overfull) return null;
    let start = 0;
    while (unread.bytes[start] === END) start++;
    const end = unread.bytes.indexOf(END, start);
    if ((end === -1 ? unread.bytes.length : end) - start > MAX_FRAME_BYTES) {
      this.tooLong = true;
      return null;
    }
    if (end === -1) {
      if (start > 1) unread.take(start - 1);
      unread.release();
      return null;
    }
    const at = unread.at + Math.max(0, start - 1);
    const raw = unread.take(end + 1).subarray(start, end);
    return { at, length: unread.at - at, raw };
  }
}

/** The content of a frame without its check byte, or what is wrong with it, for a person. */
export function readContent(raw: Buffer): Buffer | string {
  const bytes = unescaped(raw);
  if (bytes === null) return 'an escape that is neither 7d 01 nor 7d 02';
  const last = bytes.length - 1;
  if (last < 1) return 'a frame of too few bytes';
  const expected = check(bytes, last);
  if (bytes[last] !== expected) return `the check byte ${hexByte(bytes[last] ?? 0)}, expected ${hexByte(expected)}`;
  return bytes.subarray(0, last);
}

/** The frame of a content: its check byte behind it, escaped, between its ends. */
export function frameOf(content: Buffer): Buffer {
  const sum = check(content, content.length);
  let escapes = isEscaped(sum) ? 1 : 0;
  for (let at = 0; at < content.length; at++) if (isEscaped(content[at] ?? 0)) escapes++;
  const frame = Buffer.allocUnsafe(content.length + escapes + 3);
  let length = 0;
  const add = (byte: number) => {
    frame[length++] = isEscaped(byte) ? ESCAPE : byte;
    if (isEscaped(byte)) frame[length++] = byte === END ? 2 : 1;
  };
  frame[length++] = END;
  for (let at = 0; at < content.length; at++) add(content[at] ?? 0);
  add(sum);
  frame[length] = END;
  return frame;
}

function isEscaped(byte: number): boolean {
  return byte === END || byte === ESCAPE;
}

function unescaped(raw: Buffer): Buffer | null {
  if (!raw.includes(ESCAPE)) return raw;
  const bytes = Buffer.allocUnsafe(raw.length);
  let length = 0;
  for (let at = 0; at < raw.length; at++) {
    let byte = raw[at] ?? 0;
    if (byte === ESCAPE) {
      const behind = raw[++at];
      if (behind !== 1 && behind !== 2) return null;
      byte = behind === 1 ? ESCAPE : END;
    }
    bytes[length++] = byte;
  }
  return bytes.subarray(0, length);
}

/** Exclusive or of the first bytes. */
function check(bytes: Buffer, length: number): number {
  let sum = 0;
  for (let at = 0; at < length; at++) sum ^= bytes[at] ?? 0;
  return sum;
}

function hexByte(byte: number): string {
  return byte.toString(16).padStart(2, '0');
}

const END = 0x7e;
const ESCAPE = 0x7d;
