/** Logins, commands and the texts that answer them: contents of packets that are neither place nor state. */
import { Parser } from 'binary-parser';
import { readDigits, writeDigits } from '../bcd.js';

/** Longest text of a command in bytes: what a short frame holds. */
export const MAX_COMMAND_BYTES = 243;

const IMEI_BYTES = 8;
const extensionLayout = new Parser().endianness('big').uint16('type').uint16('zone');

export interface Login {
  /** Fifteen digits. */
  readonly imei: string;
  /** Minutes that the device's clock is ahead of UTC, or null: it did not say. */
  readonly clockOffset: number | null;
}

/** What a login says, or what is wrong with it, for a person. */
export function readLogin(content: Buffer): Login | string {
  if (content.length < IMEI_BYTES) return `a login of ${content.length} bytes, expected at least ${IMEI_BYTES}`;
  const digits = readDigits(content, 0, IMEI_BYTES);
  if (digits === null || !digits.startsWith('0'))
    return `Invalid IMEI: ${content.toString('hex', 0, IMEI_BYTES)}, expected a 0 and 15 digits`;
  const imei = digits.slice(1);
  if (content.length < IMEI_BYTES + 4) return { imei, clockOffset: null };
  return { imei, clockOffset: zoneMinutes(extensionLayout.parse(content.subarray(IMEI_BYTES)).zone) };
}

/** Hours times a hundred and minutes in the high twelve bits, bit 3 set: west. Null: no zone of the earth. */
function zoneMinutes(zone: number): number | null {
  const value = zone >> 4;
  const minutes = Math.floor(value / 100) * 60 + (value % 100);
  if (value % 100 >= 60 || minutes > MAX_ZONE_MINUTES) return null;
  return minutes === 0 ? 0 : zone & WEST ? -minutes : minutes;
}

const MAX_ZONE_MINUTES = 14 * 60;
const WEST = 1 << 3;

/** The content of a login. Throws RangeError where the IMEI is no 15 digits at most. */
export function loginContent(imei: string): Buffer {
  return writeDigits(imei, IMEI_BYTES);
}

/** The content of a command, or what is wrong with its text, for a person. `flag` comes back with the answer. */
export function commandContent(flag: number, text: string): Buffer | string {
  if (!PRINTABLE.test(text)) return 'a text with other than printable ASCII';
  if (text.length > MAX_COMMAND_BYTES) return `a text of ${text.length} bytes, expected at most ${MAX_COMMAND_BYTES}`;
  return Buffer.concat([Buffer.of(4 + text.length), flagBytes(flag), Buffer.from(text), ENGLISH]);
}

/** A command as a device reads it, or null: it is none. */
export function readCommand(content: Buffer): Text | null {
  const [length = 0] = content;
  if (length < 4 || content.length < 1 + length) return null;
  return { flag: content.readUInt32BE(1), text: content.toString('latin1', 5, 1 + length) };
}

/** A text with the flag of the command that it answers. */
export interface Text {
  readonly flag: number;
  readonly text: string;
}

const encodedLayout = new Parser()
  .endianness('big')
  .uint32('flag')
  .uint8('encoding')
  .buffer('text', { readUntil: 'eof' });

/** `21`: `flag:u32`, `encoding:u8`, text; null: it is too short, or of another encoding. */
export function readEncodedText(content: Buffer): Text | null {
  if (content.length < 5) return null;
  const { flag, encoding, text } = encodedLayout.parse(content);
  if (encoding === ASCII) return { flag, text: utf8(text) };
  return encoding === UTF_16BE ? { flag, text: utf16(text) } : null;
}

/** `15`: a length that counts flag and text, the flag, the text, and perhaps a language; null: it is too short. */
export function readText(content: Buffer): Text | null {
  const [length = 0] = content;
  if (length < 4 || content.length < 1 + length) return null;
  return { flag: content.readUInt32BE(1), text: utf8(content.subarray(5, 1 + length)) };
}

/** The content of `21`, as a device answers. */
export function encodedText({ flag, text }: Text): Buffer {
  const ascii = PRINTABLE.test(text);
  const bytes = ascii ? Buffer.from(text) : Buffer.from(text, 'utf16le').swap16();
  return Buffer.concat([flagBytes(flag), Buffer.of(ascii ? ASCII : UTF_16BE), bytes]);
}

function flagBytes(flag: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(flag);
  return bytes;
}

function utf8(bytes: Buffer): string {
  return bytes.toString('utf8').replace(ENDS, '');
}

function utf16(bytes: Buffer): string {
  const even = bytes.subarray(0, bytes.length & ~1);
  return Buffer.from(even).swap16().toString('utf16le').replace(ENDS, '');
}

const PRINTABLE = /^[\x20-\x7e\r\n]*$/;
const ENDS = /\0+$/;
const ENGLISH = Buffer.of(0, 2);
const ASCII = 1;
const UTF_16BE = 2;
