/**
 * A fast hash of 64 bits over two texts, for telling readings apart: MurmurHash3's two-lane step over UTF-16 units,
 * two at a time. What it gives is part of stored data: it must never change.
 */

/** Writes eight bytes into `target` from `at` on. */
export function hash64(first: string, second: string, target: Uint8Array, at: number): void {
  let a = 0x2545f491;
  let b = 0x9e3779b9 | 0;
  for (let which = 0; which < 2; which++) {
    const text = which === 0 ? first : second;
    const length = text.length;
    // An odd last unit stands alone; the length, mixed in behind each text, tells it from one followed by a NUL.
    for (let i = 0; i < length; i += 2) {
      const block = text.charCodeAt(i) | (i + 1 < length ? text.charCodeAt(i + 1) << 16 : 0);
      let k = Math.imul(block, 0x239b961b);
      k = Math.imul((k << 15) | (k >>> 17), 0xab0e9789);
      a ^= k;
      a = ((a << 19) | (a >>> 13)) + b;
      a = (Math.imul(a, 5) + 0x561ccd1b) | 0;
      k = Math.imul(block, 0x38b34ae5);
      k = Math.imul((k << 17) | (k >>> 15), 0xa1e38b93);
      b ^= k;
      b = ((b << 13) | (b >>> 19)) + a;
      b = (Math.imul(b, 5) + 0x0bcaa747) | 0;
    }
    a ^= length;
    b ^= Math.imul(length, 0x85ebca6b);
    a = (a + b) | 0;
    b = (b + a) | 0;
  }
  a = mixed(a);
  b = mixed(b);
  a = (a + b) | 0;
  b = (b + a) | 0;
  target[at] = a >>> 24;
  target[at + 1] = a >>> 16;
  target[at + 2] = a >>> 8;
  target[at + 3] = a;
  target[at + 4] = b >>> 24;
  target[at + 5] = b >>> 16;
  target[at + 6] = b >>> 8;
  target[at + 7] = b;
}

/** MurmurHash3's last step: each bit of what goes in changes about half of those that come out. */
function mixed(lane: number): number {
  let h = lane ^ (lane >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
