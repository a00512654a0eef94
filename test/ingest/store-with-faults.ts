/**
 * The deterministic twin of a store: it keeps rows in memory and fails as its script says, so that what is durable is
 * known to the write. Only what the barrier uses of a store is there.
 */
import type { Store, Write } from '../../src/store/store.js';
import { StoreFailed, StoreFull } from '../../src/store/store.js';

/** What a write does: succeed, succeed late, say that there is no room (having kept a part), fail, or never end. */
export type Fault = 'none' | 'late' | 'full' | 'failed' | 'never';

export interface StoreWithFaults extends Pick<Store, 'write'> {
  /** All that is durable, in the order in which it became so. */
  readonly durable: readonly Write[];
  readonly calls: number;
  /** The most that was ever under way at once. */
  readonly mostAtOnce: number;
}

/** `script` gives the fault of each call of `write` in turn; `random` cuts the part that a full store keeps. */
export function storeWithFaults(script: (call: number) => Fault, random: () => number): StoreWithFaults & Store {
  const durable: Write[] = [];
  let calls = 0;
  let atOnce = 0;
  let mostAtOnce = 0;

  async function write(batch: readonly Write[]): Promise<void> {
    const fault = script(calls++);
    atOnce++;
    mostAtOnce = Math.max(mostAtOnce, atOnce);
    try {
      await new Promise((resolve) => setTimeout(resolve, fault === 'late' ? 20 : 0));
      if (fault === 'never') await new Promise(() => {});
      if (fault === 'failed') throw new StoreFailed('cannot sync');
      if (fault === 'full') {
        // A part is kept: the batch is written again later, which must change nothing.
        for (const one of batch.slice(0, Math.floor(random() * batch.length))) keep(one);
        throw new StoreFull('no room');
      }
      for (const one of batch) keep(one);
    } finally {
      atOnce--;
    }
  }

  function keep(one: Write): void {
    if (!durable.includes(one)) durable.push(one);
  }

  const notUsed = (): never => {
    throw new Error('the barrier only writes');
  };
  return {
    write,
    durable,
    get calls() {
      return calls;
    },
    get mostAtOnce() {
      return mostAtOnce;
    },
    claim: notUsed,
    node: notUsed,
    status: notUsed,
    children: notUsed,
    deletedNodes: notUsed,
    block: notUsed,
    blocks: notUsed,
    keys: notUsed,
    types: notUsed,
    periods: notUsed,
    rows: notUsed,
    removeExpired: notUsed,
    size: notUsed,
    close: notUsed,
  };
}
