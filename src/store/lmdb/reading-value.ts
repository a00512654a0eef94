/** The value of a reading's row: one byte of flags, u48 received, u48 expires where it expires, the JSON in UTF-8. */

const EXPIRES = 0x01;
const MOST = 2 ** 48 - 1;

export interface ReadingValue {
  readonly received: number;
  /** UNIX ms, or 0: never. */
  readonly expires: number;
  readonly data: string;
}

export function encodeReadingValue(received: number, expires: number, data: string): Buffer {
  const head = expires ? 13 : 7;
  const value = Buffer.allocUnsafe(head + Buffer.byteLength(data));
  value[0] = expires ? EXPIRES : 0;
  writeU48(value, 1, received);
  if (expires) writeU48(value, 7, expires);
  value.write(data, head);
  return value;
}

export function decodeReadingValue(value: Buffer): ReadingValue {
  const expires = expiresIn(value);
  return { received: value.readUIntBE(1, 6), expires, data: value.toString('utf8', expires ? 13 : 7) };
}

/** UNIX ms, or 0: never. */
export function expiresIn(value: Buffer): number {
  return (value[0] ?? 0) & EXPIRES ? value.readUIntBE(7, 6) : 0;
}

function writeU48(target: Buffer, at: number, ms: number): void {
  const whole = Math.min(Math.max(Math.floor(ms), 0), MOST);
  target.writeUInt16BE(Math.floor(whole / 2 ** 32), at);
  target.writeUInt32BE(whole % 2 ** 32, at + 2);
}
