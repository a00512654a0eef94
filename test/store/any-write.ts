/** Any write a store takes, for property tests. */
import fc from 'fast-check';
import type { Write } from '../../src/store/store.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const u32 = fc.nat(2 ** 32 - 1);
const uuid = fc.uint8Array({ minLength: 16, maxLength: 16 });
const ms = fc.oneof(fc.constant(0), fc.nat(Number.MAX_SAFE_INTEGER));

export const anyWrite: fc.Arbitrary<Write> = fc.oneof(
  fc.record({
    write: fc.constant('reading' as const),
    id: text,
    type: text,
    period: text,
    time: uuid,
    data: text,
    received: ms,
    expires: ms,
  }),
  fc.record({ write: fc.constant('status' as const), path: text, status: u32 }),
  fc.record({ write: fc.constant('value' as const), path: text, name: text, value: text }),
  fc.record({
    write: fc.constantFrom('deleteValue' as const, 'child' as const, 'deleteChild' as const),
    path: text,
    name: text,
  }),
  fc.record({ write: fc.constant('block' as const), path: text, block: u32, data: fc.uint8Array({ maxLength: 300 }) }),
  fc.record({ write: fc.constant('deleteBlocks' as const), path: text, from: u32 }),
  fc.record({ write: fc.constant('deleteNode' as const), path: text }),
  fc.record({
    write: fc.constant('deleteReadings' as const),
    id: text,
    type: fc.option(text, { nil: undefined }),
    period: text,
    from: fc.option(uuid, { nil: undefined }),
    to: fc.option(uuid, { nil: undefined }),
  }),
);
