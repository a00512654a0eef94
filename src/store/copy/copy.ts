/**
 * Copies everything from one store to another, and compares the two. Nothing of it needs to be done twice: it goes on
 * from a state in which it says how far it is, and whatever is done again changes nothing.
 */
import { type KeysOf, type Store, StoreAway, StoreFull } from '../store.js';
import { type CopyState, type KeyCounts, note, type Progress } from './state.js';
import { copyTasks } from './tasks.js';
import { surplusTasks, verifyTasks } from './verify.js';
import { type Keys, keysFrom, walk } from './walk.js';

export interface CopyOptions {
  readonly source: Store;
  readonly target: Store;
  /** Changed in place. */
  readonly state: CopyState;
  /** Keeps the state: what it says may be relied upon from then on. */
  readonly save: (state: CopyState) => void;
  /** Milliseconds between two calls of `save`, at the least. */
  readonly saveEvery?: number;
  /** Whether to end soon, with a state to go on from. */
  readonly isStopped?: () => boolean;
  /** UNIX ms. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<void>;
  /** Milliseconds for which a store may be away or full before the copy ends with its error. */
  readonly patience?: number;
  /** Told when a store is away or full, each time before it is waited. */
  readonly onWaiting?: (error: Error) => void;
}

export const SAVE_EVERY = 250;
export const PATIENCE = 120_000;
/** Milliseconds between two attempts, at the least and the most. */
const RETRY_AFTER = 250;
const RETRY_AT_MOST = 5_000;

/** What is done, for whoever shows it. */
export interface Step {
  readonly does: 'copy' | 'verify' | 'surplus';
  readonly of: KeysOf;
}

const kinds: readonly KeysOf[] = ['nodes', 'children', 'blocks', 'series'];
const verification: readonly Step[] = [
  ...kinds.map((of): Step => ({ does: 'verify', of })),
  ...kinds.map((of): Step => ({ does: 'surplus', of })),
];
const steps = {
  copy: [...kinds.map((of): Step => ({ does: 'copy', of })), ...verification],
  verify: verification,
};

/** The step that the work is in; undefined when it is done. */
export function stepOf({ work, step }: CopyState): Step | undefined {
  return steps[work][step];
}

/**
 * Goes on from the state; resolves to whether it is done, or was stopped. What differs then stands in the state.
 * Rejects with what the stores reject with.
 */
export async function runCopy(options: CopyOptions): Promise<'done' | 'stopped'> {
  const { source, target, state, save, saveEvery = SAVE_EVERY, isStopped = () => false, now = Date.now } = options;
  let savedAt = now();
  const saveNow = () => {
    save(state);
    savedAt = now();
  };
  const saveSometimes = () => {
    if (now() - savedAt >= saveEvery) saveNow();
  };

  try {
    const keysOf =
      (store: Store, of: KeysOf): Keys =>
      (after, limit) =>
        patiently(options, () => store.keys(of, after, limit));
    state.totals ??= await countKeys((of) => keysOf(source, of));
    for (let step = stepOf(state); step && !isStopped(); step = stepOf(state)) {
      const { does, of } = step;
      const common = { source, target, state, isStopped, now, onProgress: saveSometimes };
      const tasks = does === 'copy' ? copyTasks : does === 'verify' ? verifyTasks : surplusTasks;
      const task = async (key: string, before: Progress | undefined) => {
        try {
          await patiently(options, () => tasks[of](common, key, state.begun.get(key) ?? before));
        } catch (error) {
          // A key that one of the stores can never have, such as one that is too long, is missing there.
          if (!(error instanceof RangeError) || does === 'copy') throw error;
          note(state.differences, `${of} of ${JSON.stringify(key)}: ${error.message}`);
        }
      };
      const keys = keysOf(does === 'surplus' ? target : source, of);
      await walk({ keys, state, task, isStopped, onKey: saveSometimes });
      if (isStopped()) break;
      Object.assign(state, { step: state.step + 1, after: null, done: 0 });
      state.begun.clear();
      saveNow();
    }
  } finally {
    saveNow();
  }
  return stepOf(state) ? 'stopped' : 'done';
}

async function countKeys(keysOf: (of: KeysOf) => Keys): Promise<KeyCounts> {
  const totals = { nodes: 0, children: 0, blocks: 0, series: 0 };
  for (const of of kinds) for await (const _ of keysFrom(keysOf(of), undefined)) totals[of]++;
  return totals;
}

/** Does it again while a store is away or full, for as long as the patience lasts. */
async function patiently<T>(options: CopyOptions, task: () => Promise<T>): Promise<T> {
  const { now = Date.now, sleep = slept, patience = PATIENCE, isStopped = () => false, onWaiting } = options;
  let [since, last] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let wait = RETRY_AFTER; ; wait = Math.min(2 * wait, RETRY_AT_MOST)) {
    try {
      return await task();
    } catch (error) {
      const passes = error instanceof StoreAway || error instanceof StoreFull;
      // One who came far before the next failure has not waited.
      if (now() - last > patience / 2) since = now();
      last = now();
      if (!passes || isStopped() || last - since > patience) throw error;
      onWaiting?.(error);
      await sleep(wait);
    }
  }
}

function slept(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
