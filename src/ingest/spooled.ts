/**
 * The durable barrier with a spool between it and the store. Readings take one way, in their order: those the store is
 * not ready for lie on the local disk meanwhile. All other writes go to the store as ever and past what lies there, so
 * that what is told to be changed can be read, and nothing old ever comes behind something new.
 */
import type { Spool, SpooledRecord } from '../spool/spool.js';
import { type ReadingWrite, StoreFull, type Write } from '../store/store.js';
import { createDurability, type Durability, type DurabilityOptions } from './durability.js';

export interface SpooledDurabilityOptions extends DurabilityOptions {
  readonly spool: Spool;
  /**
   * When a reading counts as durable: `store`, when the store has it, and the spool holds what is too much for memory;
   * `spool`, when it is synced in the spool, through which all readings go.
   */
  readonly durable: 'store' | 'spool';
  /** Called when readings begin to wait in the spool, and with null when none does any more. */
  readonly onSpooling: (why: string | null) => void;
}

/** How often it is looked, at the end, whether the store has what it is about to take, in ms. */
const LOOK_EVERY = 20;

export function createSpooledDurability(options: SpooledDurabilityOptions): Durability {
  const { spool, retryAfter } = options;
  const inSpool = options.durable === 'spool';
  const shared = { ...options, onTrouble: tell, onFailure: fail };
  const toStore = createDurability({ ...shared, onRoom: feed });
  const changes = createDurability({ ...shared, onRoom });
  const toSpool = createDurability({ ...shared, maxCommits: 1, store: { write: keep }, onRoom, onCommit: () => {} });

  /** Readings handed over, and those of them that the store was given; what an earlier run left comes first. */
  let stored = inSpool ? 0 : spool.depth.readings;
  let given = inSpool ? -spool.depth.readings : 0;
  /** Readings on their way into the spool. */
  let keeping = 0;
  /** Whether readings lie in the spool that the store was not given yet, or are about to. */
  let behind = spool.hasUnread;
  let feeding: Promise<void> | null = null;
  /** While readings are deleted the store gets no new ones: the deletion may be tried again, and must not meet them. */
  let isDeleting = false;
  let deletions: Promise<void> = Promise.resolve();
  const waitingToDelete: { readonly until: number; readonly resolve: () => void }[] = [];
  let failure: Error | null = null;
  let toldTrouble: string | null = null;
  let toldSpooling = false;
  feed();

  function add(reading: ReadingWrite): number {
    stored++;
    if (inSpool || behind || isDeleting || toStore.full) {
      keeping++;
      if (!inSpool) behind = true;
      toSpool.add(reading);
    } else {
      toStore.add(reading);
      given++;
    }
    return stored;
  }

  /** Puts readings into the spool, and those that are next and fit straight into the store's queue. */
  async function keep(batch: readonly Write[]): Promise<void> {
    const records = await spool.append(batch.filter(isReading));
    keeping -= batch.length;
    for (const record of records) if (!feeding && takesMore() && spool.pass(record)) give(record);
    feed();
  }

  function takesMore(): boolean {
    return !isDeleting && !toStore.full && !failure;
  }

  function give(record: SpooledRecord): void {
    let last = 0;
    for (const reading of record.readings) last = toStore.add(reading);
    given += record.readings.length;
    toStore.whenDurable(last, () => spool.release(record));
    for (const waiting of waitingToDelete.splice(0))
      if (waiting.until <= given) waiting.resolve();
      else waitingToDelete.push(waiting);
  }

  /** Gives the store what lies in the spool, as far as there is room in its queue. */
  function feed(): void {
    if (feeding) return;
    if (!takesMore() || !spool.hasUnread) return fed();
    feeding = giveUnread()
      .then(() => 'goes on', whenUnreadable)
      .then((then) => {
        feeding = null;
        // More may have come in between.
        if (then === 'goes on' && takesMore() && spool.hasUnread) feed();
        else fed();
      });
  }

  function whenUnreadable(error: unknown): void {
    if (error instanceof StoreFull) setTimeout(feed, retryAfter);
    else fail(error instanceof Error ? error : new Error(String(error)));
  }

  function fed(): void {
    behind = spool.hasUnread || (!inSpool && keeping > 0);
    tell();
  }

  async function giveUnread(): Promise<void> {
    while (takesMore() && spool.hasUnread) {
      const record = await spool.read();
      if (record) give(record);
    }
  }

  async function write(batch: readonly Write[]): Promise<void> {
    for (const run of runs(batch)) await writeRun(run);
  }

  function writeRun(run: readonly Write[]): Promise<void> {
    const kind = wayOf(run[0]);
    if (kind === 'changes') return changes.write(run);
    if (kind === 'deletions') return deleteReadings(run);
    let last = 0;
    for (const reading of run.filter(isReading)) last = add(reading);
    return (inSpool ? toSpool : toStore).reached(last);
  }

  /** Deletes readings behind all that were handed over before: they must be in the store to be found. */
  function deleteReadings(run: readonly Write[]): Promise<void> {
    const until = stored;
    const before = deletions;
    const task = async () => {
      await before;
      if (given < until) await new Promise<void>((resolve) => waitingToDelete.push({ until, resolve }));
      isDeleting = true;
      await feeding;
      await toStore.drain();
      await changes.write(run);
      isDeleting = false;
      feed();
    };
    const done = task();
    deletions = done.catch(() => {});
    return done;
  }

  function trouble(): string | null {
    if (failure) return failure.message;
    return inSpool ? toSpool.trouble : (toStore.trouble ?? changes.trouble ?? toSpool.trouble);
  }

  function spooling(): string | null {
    const { readings } = spool.depth;
    if (readings === 0 || (!behind && toStore.trouble === null)) return null;
    return `${readings} readings wait in the spool: ${toStore.trouble ?? 'the store is behind'}`;
  }

  function tell(): void {
    const why = trouble();
    if (why !== toldTrouble && !failure) options.onTrouble(why);
    toldTrouble = why;
    const waits = spooling();
    if ((waits !== null) !== toldSpooling) options.onSpooling(waits);
    toldSpooling = waits !== null;
  }

  function isFull(): boolean {
    return failure !== null || toSpool.full || changes.full;
  }

  function onRoom(): void {
    if (!isFull()) options.onRoom();
  }

  function fail(error: Error): void {
    if (failure) return;
    failure = error;
    options.onFailure(error);
  }

  /** What is acknowledged is in the spool, and stays there when the store does not take it now. */
  async function drain(): Promise<void> {
    await Promise.all([inSpool ? toSpool.drain() : toStore.reached(stored), changes.drain()]);
    while (inSpool && spool.depth.readings > 0 && toStore.trouble === null && !behind && !failure)
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
  }

  return {
    get stored() {
      return stored;
    },
    get durable() {
      return inSpool ? toSpool.durable : toStore.durable;
    },
    get full() {
      return isFull();
    },
    get trouble() {
      return trouble();
    },
    get changesTrouble() {
      return failure?.message ?? changes.trouble ?? toStore.trouble;
    },
    get spooling() {
      return spooling();
    },
    get queuedWrites() {
      return stored - (inSpool ? toSpool.durable : toStore.durable) + changes.queuedWrites;
    },
    get queuedBytes() {
      return toStore.queuedBytes + toSpool.queuedBytes + changes.queuedBytes;
    },
    add,
    whenDurable(number, callback) {
      if (!failure) (inSpool ? toSpool : toStore).whenDurable(number, callback);
    },
    write,
    changed: () => changes.drain(),
    drain,
  };
}

function isReading(write: Write): write is ReadingWrite {
  return write.write === 'reading';
}

function wayOf(write: Write | undefined): 'readings' | 'deletions' | 'changes' {
  if (write?.write === 'reading') return 'readings';
  return write?.write === 'deleteReadings' ? 'deletions' : 'changes';
}

/** The batch in parts that go the same way, in order. */
function* runs(batch: readonly Write[]): Iterable<readonly Write[]> {
  let from = 0;
  for (let at = 1; at <= batch.length; at++)
    if (at === batch.length || wayOf(batch[at]) !== wayOf(batch[from])) {
      yield batch.slice(from, at);
      from = at;
    }
}
