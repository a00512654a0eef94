/** Reads that wait out that the store is away, as writes do behind the barrier: for devices, who would only call again. */
import { setTimeout as passed } from 'node:timers/promises';
import { type Reads, type Store, StoreAway } from './store.js';

export interface Patience {
  /** Milliseconds that a read which finds the store away waits for it, at the least; twice as many at the most. */
  readonly patience: number;
  /** Milliseconds after which one of those that wait asks again. */
  readonly retryAfter: number;
}

/** The store with such reads; `rows`, which may have given some of its rows, and `size` are as they were. */
export function withPatience(store: Store, { patience, retryAfter }: Patience): Store {
  let back: Promise<void> | null = null;

  /** One asks for all that wait: a cluster that comes back is not asked by all of them again and again. */
  function untilBack(read: () => Promise<unknown>): Promise<void> {
    back ??= asked(read).finally(() => {
      back = null;
    });
    return back;
  }

  async function asked(read: () => Promise<unknown>): Promise<void> {
    for (const since = performance.now(); performance.now() - since < patience; ) {
      await passed(retryAfter, undefined, { ref: false });
      try {
        await read();
        return;
      } catch (error) {
        if (!(error instanceof StoreAway)) return;
      }
    }
  }

  function patient<A extends unknown[], R>(read: (...given: A) => Promise<R>): (...given: A) => Promise<R> {
    return async (...given) => {
      for (const since = performance.now(); ; ) {
        try {
          return await read(...given);
        } catch (error) {
          if (!(error instanceof StoreAway) || performance.now() - since >= patience) throw error;
          await untilBack(() => read(...given));
        }
      }
    };
  }

  const reads: Omit<Reads, 'rows' | 'size'> = {
    node: patient(store.node),
    status: patient(store.status),
    children: patient(store.children),
    deletedNodes: patient(store.deletedNodes),
    block: patient(store.block),
    blocks: patient(store.blocks),
    keys: patient(store.keys),
    types: patient(store.types),
    periods: patient(store.periods),
  };
  return { ...store, ...reads };
}
