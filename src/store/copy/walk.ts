/** Walks over the keys of a store, several at once, in a way that can be taken up again. */
import { setImmediate } from 'node:timers/promises';
import type { CopyState, Progress } from './state.js';

/** Keys worked on at once. */
export const MAX_KEYS_AT_ONCE = 32;
/** Keys that may be begun, or done, behind one that is not done yet. */
export const MAX_KEYS_BEGUN = 512;
/** Keys asked for at once. */
const KEYS_AT_ONCE = 500;

/** Gives the next keys behind one, at most `limit`. */
export type Keys = (after: string | undefined, limit: number) => Promise<string[]>;

export interface Walk {
  readonly keys: Keys;
  readonly state: CopyState;
  /** Works on a key; `before` is how far it had come. */
  readonly task: (key: string, before: Progress | undefined) => Promise<void>;
  /** Whether to begin no more. */
  readonly isStopped: () => boolean;
  /** Told after each key. */
  readonly onKey: () => void;
}

/**
 * Has `task` done for each key behind the state's, and moves the state on. Resolves when all are done, or, when it is
 * stopped, those that were begun; rejects with the first failure, once those that were begun have ended.
 */
export async function walk({ keys, state, task, isStopped, onKey }: Walk): Promise<void> {
  /** In the order of the keys, from the first that is not done. */
  const begun: string[] = [];
  let running = 0;
  let failure: { readonly error: unknown } | undefined;
  let wake = () => {};
  const somethingEnds = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });

  function done(key: string): void {
    state.begun.set(key, 'done');
    for (let first = begun[0]; first !== undefined && state.begun.get(first) === 'done'; first = begun[0]) {
      state.after = first;
      state.done++;
      state.begun.delete(first);
      begun.shift();
    }
    onKey();
  }

  async function run(key: string): Promise<void> {
    const before = state.begun.get(key);
    try {
      if (before !== 'done') await task(key, before);
      if (!isStopped()) done(key);
    } catch (error) {
      failure ??= { error };
    } finally {
      running--;
      wake();
    }
  }

  for await (const key of keysFrom(keys, state.after ?? undefined)) {
    while (!failure && (running >= MAX_KEYS_AT_ONCE || begun.length >= MAX_KEYS_BEGUN)) await somethingEnds();
    if (failure || isStopped()) break;
    begun.push(key);
    running++;
    void run(key);
  }
  while (running > 0) await somethingEnds();
  if (failure) throw failure.error;
}

/** All keys behind one. */
export async function* keysFrom(keys: Keys, after: string | undefined): AsyncIterable<string> {
  for (let last = after; ; ) {
    const page = await keys(last, KEYS_AT_ONCE);
    yield* page;
    if (page.length === 0) return;
    last = page.at(-1);
    // LMDB answers at once, and signals and timers shall have their turn.
    await setImmediate();
  }
}
