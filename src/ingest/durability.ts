/**
 * The durable barrier: owns two numbers, `stored` (writes handed over) and `durable` (writes known to be on disk), and
 * everything that waits, waits on it. All connections share one commit at a time: while one batch is being synced the
 * next one gathers, so the rate of commits follows the disk and not the number of devices. A database across a network
 * may be given several commits of readings at once, whose order among each other means nothing.
 */
import { type ReadingWrite, type Store, StoreFailed, type Write } from '../store/store.js';
import { type CommitsOptions, createCommits } from './commits.js';

export interface Durability {
  /** Writes handed over so far. */
  readonly stored: number;
  /** Writes durable so far, counted in the order in which they were handed over. */
  readonly durable: number;
  /** Whether a bound is reached: no socket may be read until `onRoom` is called. */
  readonly full: boolean;
  /** Why no reading becomes durable at the moment, or null. */
  readonly trouble: string | null;
  /** Why nothing else does, such as a setting, or null. */
  readonly changesTrouble: string | null;
  /** Why readings wait in the spool, or null: none do. */
  readonly spooling: string | null;
  readonly queuedWrites: number;
  readonly queuedBytes: number;
  /** Takes a reading and returns its number: it is durable once `durable` has reached that. Never throws. */
  add(reading: ReadingWrite): number;
  /** Calls back once `durable` has reached `number`; in this very turn when it has. */
  whenDurable(number: number, callback: () => void): void;
  /** Takes a batch; resolves when it is durable, rejects when the store failed. */
  write(batch: readonly Write[]): Promise<void>;
  /** Resolves when all but readings of what was handed over is in the store, where others read it. */
  changed(): Promise<void>;
  /** Resolves when all that was handed over is durable. */
  drain(): Promise<void>;
}

/** The barrier over a store alone, where all writes are in one order. */
export interface StoreDurability extends Durability {
  add(write: Write): number;
  /** Resolves once `durable` has reached `number`, rejects when the store failed. */
  reached(number: number): Promise<void>;
}

export interface DurabilityOptions extends CommitsOptions {
  /** Writes, and bytes, that may wait before `full`. */
  readonly maxQueuedWrites: number;
  readonly maxQueuedBytes: number;
  /** Called when `full` ends. */
  readonly onRoom: () => void;
  /** Called when there is no room or the store is away, and with null when it takes writes again. */
  readonly onTrouble: (why: string | null) => void;
  /** Called once when what is on disk cannot be known any more: the process must end, nothing is answered again. */
  readonly onFailure: (error: Error) => void;
}

interface Waiter {
  readonly number: number;
  readonly callback: () => void;
}

export function createDurability(options: DurabilityOptions): StoreDurability {
  let stored = 0;
  let durable = 0;
  let failure: Error | null = null;
  let trouble: string | null = null;
  let full = false;
  // Waiters of the batch that is being written are settled with it; the others wait for a later one.
  let waiters: Waiter[] = [];
  const rejections = new Set<(error: Error) => void>();
  const commits = createCommits(options, { durable: moreDurable, trouble: setTrouble, failed: fail });

  function add(write: Write): number {
    commits.add(write);
    stored++;
    if (!full && isFull()) full = true;
    return stored;
  }

  function isFull(): boolean {
    return stored - durable >= options.maxQueuedWrites || commits.bytes >= options.maxQueuedBytes;
  }

  function moreDurable(writes: number): void {
    durable += writes;
    settle();
    if (full && !isFull()) {
      full = false;
      options.onRoom();
    }
  }

  function settle(): void {
    const due = waiters;
    waiters = [];
    for (const waiter of due) {
      if (waiter.number <= durable) waiter.callback();
      else waiters.push(waiter);
    }
  }

  function setTrouble(why: string | null): void {
    if (trouble === why) return;
    trouble = why;
    options.onTrouble(why);
  }

  function fail(error: unknown): void {
    if (failure) return;
    commits.end();
    failure = error instanceof Error ? error : new StoreFailed(String(error));
    trouble = failure.message;
    full = true;
    waiters = [];
    options.onFailure(failure);
    for (const reject of rejections) reject(failure);
    rejections.clear();
  }

  function whenDurable(number: number, callback: () => void): void {
    if (failure) return;
    if (number <= durable) callback();
    else waiters.push({ number, callback });
  }

  function write(batch: readonly Write[]): Promise<void> {
    let last = durable;
    for (const one of batch) last = add(one);
    return reached(last);
  }

  function reached(number: number): Promise<void> {
    if (failure) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      rejections.add(reject);
      whenDurable(number, () => {
        rejections.delete(reject);
        resolve();
      });
    });
  }

  return {
    get stored() {
      return stored;
    },
    get durable() {
      return durable;
    },
    get full() {
      return full;
    },
    get trouble() {
      return trouble;
    },
    get changesTrouble() {
      return trouble;
    },
    spooling: null,
    get queuedWrites() {
      return stored - durable;
    },
    get queuedBytes() {
      return commits.bytes;
    },
    add,
    whenDurable,
    write,
    reached,
    changed: () => reached(stored),
    drain: () => reached(stored),
  };
}

/** The store whose writes go through the durable barrier, in one order with all readings. */
export function throughBarrier(store: Store, durability: Durability): Store {
  return { ...store, write: (batch) => durability.write(batch) };
}
