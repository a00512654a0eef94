import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeWrites, encodeWrites } from '../../src/store/write-codec.js';
import { anyWrite } from './any-write.js';

describe('writes as bytes', () => {
  it('are the same writes again, wherever they begin in the memory they lie in', () => {
    fc.assert(
      fc.property(fc.array(anyWrite, { maxLength: 20 }), fc.nat(9), (batch, offset) => {
        const memory = new Uint8Array([...new Uint8Array(offset), ...encodeWrites(batch), 1, 2]);
        expect(decodeWrites(memory.subarray(offset, memory.length - 2))).toEqual(batch);
      }),
    );
  });

  it('may be more than the buffer they begin with', () => {
    const name = 'é€😀'.repeat(10);
    const batch = Array.from({ length: 3_000 }, (_, n) => ({ write: 'child' as const, path: `/device/${n}/`, name }));
    expect(decodeWrites(encodeWrites(batch))).toEqual(batch);
  });

  it('are refused where they are cut short, have more behind them, or are none', () => {
    fc.assert(
      fc.property(fc.array(anyWrite, { minLength: 1, maxLength: 5 }), fc.nat(), (batch, n) => {
        const bytes = encodeWrites(batch);
        expect(() => decodeWrites(bytes.subarray(0, n % bytes.length))).toThrow(RangeError);
        expect(() => decodeWrites(new Uint8Array([...bytes, 0]))).toThrow(RangeError);
      }),
    );
    expect(() => decodeWrites(new Uint8Array([255, 255, 255, 255]))).toThrow(RangeError);
    expect(() => decodeWrites(new Uint8Array([1, 0, 0, 0, 99]))).toThrow(RangeError);
  });
});
