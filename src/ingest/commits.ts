/** Writes that wait for the store, and the commits under way that they become. */
import { type Store, StoreAway, StoreFull, type Write } from '../store/store.js';

export interface Commits {
  /** Bytes of the writes that are not durable yet, an estimate. */
  readonly bytes: number;
  /** Takes a write; it is given to the store soon. */
  add(write: Write): void;
  /** Gives nothing more to the store, and tells of nothing more. */
  end(): void;
}

export interface CommitsOptions {
  readonly store: Pick<Store, 'write'>;
  /** Writes in one commit at the most. */
  readonly maxBatchWrites: number;
  /** Commits under way at once, where they hold readings alone; 1 unless given. */
  readonly maxCommits?: number;
  /** Milliseconds after which a batch that found no room, or no store, is tried again. */
  readonly retryAfter: number;
  /** Called after each commit with its writes and the milliseconds it took. */
  readonly onCommit: (writes: number, ms: number) => void;
}

/** Whom commits are told, besides. */
export interface CommitsListener {
  /** So many more writes are durable, of those that were added first. */
  durable(writes: number): void;
  /** What keeps one of the commits from being durable, or null: nothing any more. */
  trouble(why: string | null): void;
  failed(error: unknown): void;
}

/** Writes that are worth a commit beside others that are under way. */
const WORTH_A_COMMIT = 1_000;
/** What a write takes in memory besides its text, in bytes: an estimate for the bound. */
const WRITE_OVERHEAD = 128;

interface Commit {
  readonly batch: readonly Write[];
  readonly bytes: number;
  /** Whether others may go beside it: the order of readings among each other means nothing. */
  readonly isReadings: boolean;
  trouble: string | null;
  isDurable: boolean;
}

export function createCommits(options: CommitsOptions, listener: CommitsListener): Commits {
  const { store, maxBatchWrites, maxCommits = 1, retryAfter, onCommit } = options;
  let queue: Write[] = [];
  /** Writes of the queue that are no readings. */
  let queuedChanges = 0;
  /** Of the queue and of what is under way. */
  let bytes = 0;
  /** In their order. */
  const commits: Commit[] = [];
  let scheduled = false;
  let ended = false;

  function add(write: Write): void {
    queue.push(write);
    bytes += sizeOf(write);
    if (write.write !== 'reading') queuedChanges++;
    if (scheduled || !mayBegin()) return;
    scheduled = true;
    setImmediate(begin);
  }

  function mayBegin(): boolean {
    if (ended || queue.length === 0) return false;
    if (commits.length === 0) return true;
    if (commits.length >= maxCommits || queue.length < WORTH_A_COMMIT || queuedChanges > 0) return false;
    return commits.every(({ isReadings }) => isReadings);
  }

  function begin(): void {
    scheduled = false;
    while (mayBegin()) {
      const commit = next();
      commits.push(commit);
      run(commit).catch((error: unknown) => listener.failed(error));
    }
  }

  function next(): Commit {
    const batch = queue.length <= maxBatchWrites ? queue : queue.slice(0, maxBatchWrites);
    queue = batch === queue ? [] : queue.slice(maxBatchWrites);
    const changes = queuedChanges === 0 ? 0 : batch.filter((write) => write.write !== 'reading').length;
    queuedChanges -= changes;
    const size = batch.reduce((sum, write) => sum + sizeOf(write), 0);
    return { batch, bytes: size, isReadings: changes === 0, trouble: null, isDurable: false };
  }

  async function run(commit: Commit): Promise<void> {
    while (!ended && !commit.isDurable) {
      const started = performance.now();
      try {
        await store.write(commit.batch);
        onCommit(commit.batch.length, performance.now() - started);
        commit.isDurable = true;
      } catch (error) {
        if (!(error instanceof StoreFull || error instanceof StoreAway)) throw error;
        if (ended) return;
        commit.trouble = error.message;
        listener.trouble(error.message);
        await new Promise((resolve) => setTimeout(resolve, retryAfter));
      }
    }
    if (ended) return;
    commit.trouble = null;
    listener.trouble(commits.find(({ trouble }) => trouble !== null)?.trouble ?? null);
    let writes = 0;
    // One that overtook another is not counted before that.
    for (let first = commits[0]; first?.isDurable; first = commits[0]) {
      commits.shift();
      writes += first.batch.length;
      bytes -= first.bytes;
    }
    begin();
    if (writes > 0) listener.durable(writes);
  }

  return {
    get bytes() {
      return bytes;
    },
    add,
    end() {
      ended = true;
    },
  };
}

function sizeOf(write: Write): number {
  if (write.write === 'reading') return WRITE_OVERHEAD + write.data.length;
  if (write.write === 'block') return WRITE_OVERHEAD + write.data.byteLength;
  if (write.write === 'value') return WRITE_OVERHEAD + write.value.length;
  return WRITE_OVERHEAD;
}
