/** Random content of a store, as whatever history left it, and what a store holds, as one reads it. */
import fc from 'fast-check';
import { derivedTimeUuid, formatUuid } from '../../../src/series/time-uuid.js';
import { NODE_CREATED, NODE_DELETED, type Store, type Write } from '../../../src/store/store.js';
import { collected, HOSTILE } from '../../conformance/store-under-test.js';

const pick = <T>(from: readonly T[]) => fc.constantFrom(...from);
const path = pick(['/', '/a/', '/a/b/', '/é/', '/__proto__/']);
const id = pick(['dev-1', 'dev-2', 'dom-é', '__proto__']);
const period = pick(['2026-10', '2026-11', '2026-11-20']);
const text = pick(HOSTILE);

/** Writes of any kind; `now` (UNIX ms) is when they are written. */
export function anyWrite(now: number): fc.Arbitrary<Write> {
  const reading = fc
    .record({
      id,
      period,
      type: pick(['sen:loc', 'sen:temp', 'é']),
      time: fc.integer({ min: now - 5, max: now }),
      data: text.map((one) => JSON.stringify(one)),
      received: fc.integer({ min: now - 1_000_000, max: now }),
      expires: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.constant(now + 86_400_000)),
    })
    .map((one): Write => ({ write: 'reading', ...one, time: derivedTimeUuid(one.time, one.type, one.data) }));
  return fc.oneof(
    { weight: 8, arbitrary: reading },
    fc.record({
      write: fc.constant('deleteReadings' as const),
      id,
      type: fc.constant(undefined),
      period,
      from: fc.constant(undefined),
      to: fc.constant(undefined),
    }),
    fc.record({ write: fc.constant('status' as const), path, status: pick([NODE_CREATED, NODE_DELETED]) }),
    fc.record({ write: fc.constant('value' as const), path, name: text, value: text }),
    fc.record({ write: fc.constant('deleteValue' as const), path, name: text }),
    fc.record({ write: pick(['child', 'deleteChild'] as const), path, name: text }),
    fc.record({ write: fc.constant('block' as const), path, block: fc.nat(3), data: fc.uint8Array({ maxLength: 9 }) }),
    fc.record({ write: fc.constant('deleteBlocks' as const), path, from: fc.nat(3) }),
    fc.record({ write: fc.constant('deleteNode' as const), path }),
  );
}

/** All that a store holds, found without what the copy uses to find it where there is another way. */
export async function contentOf(store: Store): Promise<Record<string, unknown>> {
  const content: Record<string, unknown> = {};
  for (const path of ['/', '/a/', '/a/b/', '/é/', '/__proto__/']) {
    const node = await store.node(path);
    const blocks = await Promise.all([0, 1, 2, 3].map((block) => store.block(path, block)));
    content[`of ${path}`] = {
      node: node && { status: node.status, values: [...node.values].sort(([a], [b]) => (a < b ? -1 : 1)) },
      children: await store.children(path, undefined, 100),
      blocks: blocks.map((block) => block && Buffer.from(block).toString('hex')),
    };
  }
  for (const id of ['dev-1', 'dev-2', 'dom-é', '__proto__'])
    for (const period of ['2026-10', '2026-11', '2026-11-20'])
      for (const type of [undefined, 'sen:loc', 'sen:temp', 'é']) {
        const asked = { id, period, type, from: undefined, to: undefined, order: 'oldest', expires: true } as const;
        content[`rows of ${id} ${period} ${type}`] = (await collected(store.rows(asked))).map((row) => ({
          ...row,
          time: formatUuid(row.time),
          expires: row.expires ? 'some time' : 'never',
        }));
      }
  return content;
}
