/** The stream of bytes ↔ frames: texts from `*` to `#`, and packets of a fixed length that begin with `$`. */
import { Unread } from '../unread.js';
import { isPacket, PACKET_BYTES, TAIL_BYTES } from './packet.js';

/** Longest text, and most bytes between two frames, that are taken. */
export const MAX_FRAME_BYTES = 2_048;

export interface Frame {
  /** Place in the stream. */
  readonly at: number;
  readonly raw: Buffer;
  /** `tail`: what some models send behind a packet; `noise`: nothing that is known. */
  readonly form: 'text' | 'packet' | 'tail' | 'noise';
}

/** Gives the frames of a stream. What is behind bytes that are none is read again from the next `*` or `$` on. */
export class FrameReader {
  /** Whether no end came within the limit: nothing more is read. */
  tooLong = false;
  readonly #unread = new Unread();
  #behindPacket = false;

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
    this.#skipLineEnds();
    const { bytes } = this.#unread;
    const frame = bytes.length === 0 ? null : this.#frame(bytes);
    if (frame === null) this.#unread.release();
    return frame;
  }

  /** Drops what has come: a datagram that breaks off is continued by no other. */
  clear(): number {
    const { length } = this.#unread.bytes;
    this.#unread.take(length);
    this.#behindPacket = false;
    return length;
  }

  #frame(bytes: Buffer): Frame | null {
    const [first] = bytes;
    if (first === TEXT) return this.#text(bytes);
    if (first === PACKET) {
      if (bytes.length < PACKET_BYTES) return null;
      return isPacket(bytes) ? this.#take(PACKET_BYTES, 'packet') : this.#noise(bytes, 1);
    }
    if (!this.#behindPacket) return this.#noise(bytes, 0);
    return bytes.length < TAIL_BYTES ? null : this.#take(TAIL_BYTES, 'tail');
  }

  /** Up to the next `#`; one that another `*` cuts off is none. */
  #text(bytes: Buffer): Frame | null {
    // No further than it may reach: else each of many stars in a row would be looked behind to the end of all that came.
    const reach = bytes.subarray(0, MAX_FRAME_BYTES + 1);
    const again = reach.indexOf(TEXT, 1);
    const end = (again === -1 ? reach : reach.subarray(0, again)).indexOf(TEXT_END);
    const cut = again !== -1 && end === -1;
    const length = cut ? again : end + 1;
    if (length > MAX_FRAME_BYTES || (length === 0 && bytes.length > MAX_FRAME_BYTES)) return this.#giveUp();
    return length === 0 ? null : this.#take(length, cut ? 'noise' : 'text');
  }

  #noise(bytes: Buffer, from: number): Frame | null {
    let length = from;
    while (length < bytes.length && bytes[length] !== TEXT && bytes[length] !== PACKET) length++;
    if (length > MAX_FRAME_BYTES) return this.#giveUp();
    return length === bytes.length ? null : this.#take(length, 'noise');
  }

  #giveUp(): null {
    this.tooLong = true;
    return null;
  }

  #take(length: number, form: Frame['form']): Frame {
    const { at } = this.#unread;
    this.#behindPacket = form === 'packet';
    return { at, raw: this.#unread.take(length), form };
  }

  #skipLineEnds(): void {
    const { bytes } = this.#unread;
    let length = 0;
    while (bytes[length] === 0x0d || bytes[length] === 0x0a) length++;
    if (length === 0) return;
    this.#unread.take(length);
    this.#behindPacket = false;
  }
}

const TEXT = 0x2a;
const TEXT_END = 0x23;
const PACKET = 0x24;
