/** The stream of bytes ↔ lines of text, cut anywhere by the network. */
import { isAscii } from 'node:buffer';
import { decodeUtf8 } from './text.js';

/** Longest line in bytes, without its end. */
export const MAX_LINE_BYTES = 65_536;
/** Bytes that may wait behind a line whose outcome is awaited; the gateway does not read the socket meanwhile. */
export const MAX_WAITING_BYTES = 1_048_576;

/**
 * Takes bytes and gives lines, without their `\n` and a `\r` before it. A chunk that is ASCII, as nearly all are, becomes
 * text at once and is then cut, which costs a fifth of turning each line into text by itself.
 */
export class LineReader {
  /** Whether the last line was no UTF-8: then its characters are its bytes. */
  raw = false;
  /** Whether a line is over the limit: nothing more is read. */
  tooLong = false;
  /** Whether more waits than may wait: nothing more is read. */
  overfull = false;

  /** The beginning of a line whose end has not come yet, in a buffer that grows. */
  #held = NOTHING;
  #heldLength = 0;
  #chunk = NOTHING;
  #at = 0;
  /** The text from `#textAt` in the chunk to its last line's end, where that is ASCII. */
  #text: string | null = null;
  #textAt = 0;

  push(bytes: Uint8Array): void {
    const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const waiting = this.#chunk.length - this.#at;
    if (waiting + chunk.length > MAX_WAITING_BYTES && waiting > 0) this.overfull = true;
    if (this.overfull || this.tooLong) return;
    this.#chunk = waiting > 0 ? Buffer.concat([this.#chunk.subarray(this.#at), chunk]) : chunk;
    this.#at = 0;
    this.#text = null;
    if (this.#heldLength === 0) this.#readAhead();
  }

  /** The next whole line, or null: it has not come yet, or is too long. */
  next(): string | null {
    if (this.#text !== null) return this.#nextOfText(this.#text);
    if (this.#at >= this.#chunk.length || this.tooLong || this.overfull) {
      this.#release();
      return null;
    }
    const end = this.#chunk.indexOf(LINE_FEED, this.#at);
    if (this.#heldLength > 0 || end === -1) {
      this.#hold(end === -1 ? this.#chunk.length : end);
      if (end === -1 || this.tooLong) {
        this.#release();
        return null;
      }
      this.#at++;
      const line = this.#line(this.#held, 0, this.#heldLength);
      this.#held = NOTHING;
      this.#heldLength = 0;
      this.#readAhead();
      return line;
    }
    const start = this.#at;
    this.#at = end + 1;
    return this.#line(this.#chunk, start, end);
  }

  /** Lets go of the chunk: an idle connection must not keep what the socket read last. */
  #release(): void {
    this.#chunk = NOTHING;
    this.#at = 0;
  }

  /** Turns all whole lines of the chunk into text where they are ASCII. */
  #readAhead(): void {
    const last = this.#chunk.lastIndexOf(LINE_FEED);
    if (last < this.#at) return;
    if (!isAscii(this.#chunk.subarray(this.#at, last))) return;
    this.#text = this.#chunk.toString('latin1', this.#at, last + 1);
    this.#textAt = 0;
  }

  #nextOfText(text: string): string | null {
    const start = this.#textAt;
    const end = text.indexOf('\n', start);
    this.#textAt = end + 1;
    this.raw = false;
    this.#at += end + 1 - start;
    if (this.#textAt === text.length) this.#text = null;
    const stop = end > start && text.charCodeAt(end - 1) === CARRIAGE_RETURN ? end - 1 : end;
    if (stop - start > MAX_LINE_BYTES) {
      this.tooLong = true;
      this.#text = null;
      return null;
    }
    return text.slice(start, stop);
  }

  #line(bytes: Buffer, start: number, end: number): string | null {
    const stop = end > start && bytes[end - 1] === CARRIAGE_RETURN ? end - 1 : end;
    if (stop - start > MAX_LINE_BYTES) {
      this.tooLong = true;
      return null;
    }
    const text = decodeUtf8(bytes.subarray(start, stop));
    this.raw = text === null;
    return text ?? bytes.toString('latin1', start, stop);
  }

  /** Keeps the chunk up to `end` for when the line's end comes. */
  #hold(end: number): void {
    const added = end - this.#at;
    const length = this.#heldLength + added;
    // One more than the longest line: a `\r` may be the last.
    if (length > MAX_LINE_BYTES + 1) {
      this.tooLong = true;
      return;
    }
    if (length > this.#held.length) {
      const grown = Buffer.allocUnsafe(Math.min(Math.max(length, 2 * this.#held.length), MAX_LINE_BYTES + 1));
      this.#held.copy(grown, 0, 0, this.#heldLength);
      this.#held = grown;
    }
    this.#chunk.copy(this.#held, this.#heldLength, this.#at, end);
    this.#heldLength = length;
    this.#at = end;
  }
}

/** The bytes of a line. Line breaks in the text, which would make it several, are written as `\n`, two characters. */
export function lineBytes(text: string): Uint8Array {
  return Buffer.from(`${onOneLine(text)}\n`);
}

/** The text as it goes over the wire: on one line. */
export function onOneLine(text: string): string {
  return LINE_BREAK.test(text) ? text.replace(LINE_BREAKS, '\\n') : text;
}

const NOTHING: Buffer = Buffer.alloc(0);
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
const LINE_BREAK = /[\r\n]/;
const LINE_BREAKS = /\r\n|\r|\n/g;
