/** Digits in half bytes (BCD), as trackers write numbers and dates. */

/** The digits of `length` bytes, two a byte, or null: a half byte is no digit. */
export function readDigits(bytes: Uint8Array, at: number, length: number): string | null {
  const digits = hex(bytes, at, length);
  return DIGITS.test(digits) ? digits : null;
}

/** Digits as so many bytes, zeros before them. Throws RangeError where they are no digits or do not fit. */
export function writeDigits(digits: string, length: number): Buffer {
  if (!DIGITS.test(digits) || digits.length > 2 * length)
    throw new RangeError(`Invalid number: ${digits.slice(0, 40)}, expected up to ${2 * length} digits`);
  return Buffer.from(digits.padStart(2 * length, '0'), 'hex');
}

/** UNIX ms of a date and time in UTC, or null: the calendar has no such moment. `year` is from 0 to 99, of 2000 on. */
export function moment(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | null {
  if (year > 99 || hour > 23 || minute > 59 || second > 59) return null;
  const time = Date.UTC(2000 + year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day ? time : null;
}

/** UNIX ms of twelve digits `YYMMDDhhmmss` in UTC, or null: the calendar has no such moment. */
export function momentOf(digits: string): number | null {
  const part = (index: number) => Number(digits.slice(2 * index, 2 * index + 2));
  return digits.length === 12 ? moment(part(0), part(1), part(2), part(3), part(4), part(5)) : null;
}

/** Twelve digits `YYMMDDhhmmss` of a moment in UNIX ms, in UTC; the years 2000 to 2099. */
export function digitsOf(time: number): string {
  return new Date(time).toISOString().replace(/\D/g, '').slice(2, 14);
}

function hex(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex', at, at + length);
}

const DIGITS = /^\d*$/;
