/** Contents of frames ↔ messages: the header, and a body that may come in sub-packages. */
import { Parser } from 'binary-parser';
import { readDigits } from '../bcd.js';
import { frameOf } from './frames.js';

/** Longest body of one frame in bytes: what ten bits count. Longer ones go in sub-packages. */
export const MAX_BODY_BYTES = 1_023;

/** Who speaks, and in which version: answers go out with the same. */
export interface Terminal {
  /** The phone number as its bytes of BCD: six, since 2019 ten. */
  readonly phone: Buffer;
  /** The version byte of 2019, or null: a device of 2011 or 2013. */
  readonly version: number | null;
}

export interface Message {
  readonly id: number;
  readonly terminal: Terminal;
  readonly serial: number;
  /** Those of the frames that it came in: each of them is answered. */
  readonly serials: readonly number[];
  readonly encrypted: boolean;
  /** Which sub-package of how many this is, from 1; null: the body is whole. */
  readonly part: { readonly number: number; readonly total: number } | null;
  readonly body: Buffer;
  /** What keeps the body from being as the header says, for a person, or null. */
  readonly problem: string | null;
}

const ATTRIBUTES = { length: 0x03ff, encryption: 0x1c00, parts: 0x2000, version2019: 0x4000 } as const;
const PHONE_BYTES = { 2013: 6, 2019: 10 } as const;

const header2013 = new Parser()
  .endianness('big')
  .uint16('id')
  .uint16('attributes')
  .buffer('phone', { length: PHONE_BYTES[2013] })
  .uint16('serial');
const header2019 = new Parser()
  .endianness('big')
  .uint16('id')
  .uint16('attributes')
  .uint8('version')
  .buffer('phone', { length: PHONE_BYTES[2019] })
  .uint16('serial');
const partLayout = new Parser().endianness('big').uint16('total').uint16('number');
const LENGTH = { header2013: 12, header2019: 17, part: 4 } as const;

/** The message of a content, or null: it is shorter than a header. */
export function readMessage(content: Buffer): Message | null {
  const attributes = content.length >= 4 ? content.readUInt16BE(2) : 0;
  const is2019 = (attributes & ATTRIBUTES.version2019) !== 0;
  const hasParts = (attributes & ATTRIBUTES.parts) !== 0;
  const headerLength = is2019 ? LENGTH.header2019 : LENGTH.header2013;
  const bodyAt = headerLength + (hasParts ? LENGTH.part : 0);
  if (content.length < bodyAt) return null;
  const header = is2019 ? header2019.parse(content) : header2013.parse(content);
  const body = content.subarray(bodyAt);
  const length = attributes & ATTRIBUTES.length;
  return {
    id: header.id,
    terminal: { phone: header.phone, version: is2019 ? (content[4] ?? 0) : null },
    serial: header.serial,
    serials: [header.serial],
    encrypted: (attributes & ATTRIBUTES.encryption) !== 0,
    part: hasParts ? partLayout.parse(content.subarray(headerLength)) : null,
    body,
    problem: body.length === length ? null : `a body of ${body.length} bytes, the header says ${length}`,
  };
}

/**
 * The frames of a message, one or, over 1,023 bytes, as many sub-packages as it takes; `serial` is that of the first, and
 * each takes the next. Throws RangeError where they would be more than 65,535.
 */
export function messageFrames(id: number, terminal: Terminal, serial: number, body: Uint8Array): Buffer[] {
  const total = Math.max(1, Math.ceil(body.length / MAX_BODY_BYTES));
  if (total > 0xffff) throw new RangeError(`Invalid body: ${body.length} bytes, expected ${0xffff * MAX_BODY_BYTES}`);
  return Array.from({ length: total }, (_, index) => {
    const piece = body.subarray(index * MAX_BODY_BYTES, (index + 1) * MAX_BODY_BYTES);
    return oneFrame(id, terminal, (serial + index) & 0xffff, piece, total > 1 ? { number: index + 1, total } : null);
  });
}

/** One frame. Throws RangeError for a body over 1,023 bytes. */
export function oneFrame(
  id: number,
  { phone, version }: Terminal,
  serial: number,
  body: Uint8Array,
  part: Message['part'] = null,
): Buffer {
  if (body.length > MAX_BODY_BYTES)
    throw new RangeError(`Invalid body: ${body.length} bytes, expected at most ${MAX_BODY_BYTES}`);
  const attributes =
    body.length | (part === null ? 0 : ATTRIBUTES.parts) | (version === null ? 0 : ATTRIBUTES.version2019);
  return frameOf(
    Buffer.concat([
      words(id, attributes),
      version === null ? NOTHING : Buffer.of(version),
      phone,
      words(serial),
      part === null ? NOTHING : words(part.total, part.number),
      body,
    ]),
  );
}

/** The digits of a phone number without the zeros before them, or what is wrong with it, for a person. */
export function phoneOf({ phone }: Terminal): { readonly digits: string } | { readonly problem: string } {
  const digits = readDigits(phone, 0, phone.length)?.replace(/^0+/, '');
  if (digits === undefined) return { problem: `Invalid phone number: ${phone.toString('hex')}, expected digits` };
  if (digits.length < 4) return { problem: `Invalid phone number: ${digits}, expected 4 to 20 digits` };
  return { digits };
}

/** The phone number as its bytes. Throws RangeError where they are no digits or too many. */
export function terminalOf(digits: string, version: number | null): Terminal {
  const length = version === null ? PHONE_BYTES[2013] : PHONE_BYTES[2019];
  if (!/^\d+$/.test(digits) || digits.length > 2 * length)
    throw new RangeError(`Invalid phone number: ${digits.slice(0, 40)}, expected up to ${2 * length} digits`);
  return { phone: Buffer.from(digits.padStart(2 * length, '0'), 'hex'), version };
}

/** Numbers of 16 bits, one behind the other. */
export function words(...numbers: number[]): Buffer {
  const bytes = Buffer.allocUnsafe(2 * numbers.length);
  for (const [index, number] of numbers.entries()) bytes.writeUInt16BE(number, 2 * index);
  return bytes;
}

const NOTHING = Buffer.alloc(0);
