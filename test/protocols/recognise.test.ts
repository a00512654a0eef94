import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocols } from '../../protocols/list.js';
import { MAX_RECOGNISED_BYTES } from '../../protocols/protocol.js';

describe.each(protocols.map((protocol) => [protocol.name, protocol] as const))('%s', (_, protocol) => {
  it('knows what its own device says first, at whatever byte it is cut', () => {
    const first = protocol.device().identify(protocol.ident);
    const outcomes = Array.from(first, (_, index) => protocol.recognise(first.subarray(0, index + 1)));
    expect(outcomes.at(-1)).toBe('yes');
    expect(outcomes).not.toContain('no');
    for (const other of protocols) if (other !== protocol) expect(other.recognise(first), other.name).toBe('no');
  });

  it('decides within the first bytes, and never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: MAX_RECOGNISED_BYTES, maxLength: MAX_RECOGNISED_BYTES }), (bytes) => {
        expect(protocol.recognise(bytes)).not.toBe('more');
      }),
    );
  });
});
