/**
 * The stream of a device as frames: its login, keep-alives, and packets, which begin with four zeros. Of a packet the
 * length must be right, or the stream is lost; whether its check sum is, is said with it.
 */
import { Unread } from '../unread.js';
import { crc16 } from './crc.js';

/** Bytes of a packet from its codec to its second count: documents say 1,280 for the whole, devices send more. */
export const MAX_PACKET_BYTES = 65_536;
/** The shortest: codec and two counts. */
export const MIN_PACKET_BYTES = 3;
/** Characters of a login. */
export const MAX_LOGIN_BYTES = 32;
export const KEEP_ALIVE = 0xff;
/** Bytes before the content of a packet, and behind it. */
export const PACKET_HEAD = 8;
export const PACKET_TAIL = 4;

export type Frame =
  | { readonly kind: 'keepAlive'; readonly at: number; readonly length: 1 }
  | { readonly kind: 'login'; readonly at: number; readonly length: number; readonly text: string }
  | {
      readonly kind: 'packet';
      readonly at: number;
      readonly length: number;
      /** From the codec to the second count. */
      readonly content: Buffer;
      readonly isWhole: boolean;
    };

export class FrameReader {
  /** What breaks the framing: nothing more can be read. */
  problem: string | null = null;
  readonly #unread = new Unread();

  push(bytes: Uint8Array): void {
    this.#unread.push(bytes);
    if (this.#unread.overfull) this.problem = 'more was sent than can wait for an outcome';
  }

  /** The next frame that is whole, or null. Its bytes are a part of what was pushed. */
  next(): Frame | null {
    const frame = this.problem === null ? this.#frame() : null;
    if (frame === null) this.#unread.release();
    return frame;
  }

  /** What was not read. */
  get rest(): Buffer {
    return this.#unread.bytes;
  }

  #frame(): Frame | null {
    const { bytes, at } = this.#unread;
    const [first, second] = bytes;
    if (first === KEEP_ALIVE) {
      this.#unread.take(1);
      return { kind: 'keepAlive', at, length: 1 };
    }
    if (first === undefined || second === undefined) return null;
    const login = first * 256 + second;
    return login === 0 ? this.#packet() : this.#login(login);
  }

  #login(length: number): Frame | null {
    if (length > MAX_LOGIN_BYTES)
      return this.#broken(`a login of ${length} bytes, at most ${MAX_LOGIN_BYTES} are taken`);
    const { bytes, at } = this.#unread;
    if (bytes.length < 2 + length) return null;
    const text = this.#unread.take(2 + length).toString('latin1', 2);
    return { kind: 'login', at, length: 2 + length, text };
  }

  #packet(): Frame | null {
    const { bytes, at } = this.#unread;
    if (bytes.length < PACKET_HEAD) return null;
    const [preamble, length] = [bytes.readUInt32BE(0), bytes.readUInt32BE(4)];
    if (preamble !== 0) return this.#broken(`four bytes ${hex(preamble)} before a packet, expected zeros`);
    if (length < MIN_PACKET_BYTES || length > MAX_PACKET_BYTES)
      return this.#broken(`a packet of ${length} bytes, ${MIN_PACKET_BYTES} to ${MAX_PACKET_BYTES} are taken`);
    const whole = PACKET_HEAD + length + PACKET_TAIL;
    if (bytes.length < whole) return null;
    const taken = this.#unread.take(whole);
    const content = taken.subarray(PACKET_HEAD, PACKET_HEAD + length);
    const isWhole = crc16(content) === taken.readUInt32BE(PACKET_HEAD + length);
    return { kind: 'packet', at, length: whole, content, isWhole };
  }

  #broken(why: string): null {
    this.problem = why;
    return null;
  }
}

/** A packet of this content, from its codec to its second count. */
export function packet(content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PACKET_HEAD + content.length + PACKET_TAIL);
  bytes.writeUInt32BE(content.length, 4);
  bytes.set(content, PACKET_HEAD);
  bytes.writeUInt32BE(crc16(content), PACKET_HEAD + content.length);
  return bytes;
}

/** A login of this text; what is over 32 characters is left out. */
export function login(text: string): Buffer {
  const characters = Buffer.from(text.slice(0, MAX_LOGIN_BYTES), 'latin1');
  return Buffer.concat([Buffer.of(0, characters.length), characters]);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
