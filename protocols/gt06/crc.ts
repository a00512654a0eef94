/** CRC-16/X-25: polynomial 1021 reflected, beginning with ffff, inverted at the end. */

const table = Uint16Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >> 1) ^ 0x8408 : value >> 1;
  return value;
});

/** The check of the bytes from `start` to `end`. */
export function crc16(bytes: Uint8Array, start: number, end: number): number {
  let value = 0xffff;
  for (let at = start; at < end; at++) value = (value >> 8) ^ (table[(value ^ (bytes[at] ?? 0)) & 0xff] ?? 0);
  return value ^ 0xffff;
}
