/**
 * In which order operations on the registry take effect. A store's reads do not see what is still being written, so
 * an operation that depends on what is there waits for those before it on the same path; one that only writes does
 * not, and shares a commit with them.
 */

export interface Ordering {
  /**
   * Runs `submit` after those before it on these paths have submitted; resolves when what it wrote is durable. `prepare`
   * gives it what to submit, and may read what `settle` and `alone` have left, but not what such writes change: many that
   * meet on a path, where each reads of a database far away, prepare at the same time.
   */
  write<T>(paths: readonly string[], prepare: () => Promise<T>, submit: (prepared: T) => Submitted): Promise<void>;
  /** Runs `step` when all before it on this path is durable, and before anything after it on this path. */
  settle(path: string, step: () => Promise<void>): Promise<void>;
  /** Runs `step` alone: when all before it is durable, and before anything after it. */
  alone<T>(step: () => Promise<T>): Promise<T>;
}

/** A write that was handed to the store: wrapped, or waiting for the submission would wait for the disk. */
export interface Submitted {
  readonly durable: Promise<void>;
}

/** The operations of one path that are under way, as those after them see them: settled in whichever way. */
interface PathState {
  /** The newest `settle`. */
  readonly settled: Promise<unknown> | undefined;
  readonly submitted: Promise<unknown>;
  readonly durable: Promise<unknown>;
}

export function createOrdering(): Ordering {
  // Entries live as long as an operation on their path is under way: the callers bound how many there are.
  const paths = new Map<string, PathState>();
  const underWay = new Set<Promise<unknown>>();
  let gate: Promise<unknown> | undefined;

  function write<T>(
    on: readonly string[],
    prepare: () => Promise<T>,
    submit: (prepared: T) => Submitted,
  ): Promise<void> {
    const before = statesOf(on);
    const settles = before.map((state) => state.settled).filter((one) => one !== undefined);
    const prepared = startAfter(settles, prepare);
    const earlier = before.map((state) => state.submitted);
    const submitted = Promise.all([prepared, ...earlier]).then(([ready]) => submit(ready));
    const durable = submitted.then((write) => write.durable);
    const state = {
      settled: settles.length > 0 ? settled(settles) : undefined,
      // One that could not be prepared does not let those behind it pass those before it.
      submitted: settled([submitted, ...earlier]),
      durable: settled([durable, ...before.map((one) => one.durable)]),
    };
    return keep(on, state, durable);
  }

  function settle(path: string, step: () => Promise<void>): Promise<void> {
    const done = startAfter(
      statesOf([path]).map((state) => state.durable),
      step,
    );
    const over = settled([done]);
    return keep([path], { settled: over, submitted: over, durable: over }, done);
  }

  function statesOf(on: readonly string[]): PathState[] {
    return on.map((path) => paths.get(path)).filter((state) => state !== undefined);
  }

  function startAfter<T>(before: readonly Promise<unknown>[], start: () => Promise<T>): Promise<T> {
    return before.length > 0 || gate ? Promise.all([gate, ...before]).then(start) : start();
  }

  function keep(on: readonly string[], state: PathState, done: Promise<void>): Promise<void> {
    for (const path of on) paths.set(path, state);
    underWay.add(state.durable);
    state.durable.then(() => {
      underWay.delete(state.durable);
      for (const path of on) if (paths.get(path) === state) paths.delete(path);
    });
    return done;
  }

  function alone<T>(step: () => Promise<T>): Promise<T> {
    const done = Promise.all([gate, ...underWay]).then(step);
    const closed = settled([done]).then(() => {
      if (gate === closed) gate = undefined;
    });
    gate = closed;
    return done;
  }

  return { write, settle, alone };
}

/** Resolves when the promises are settled, in whichever way. */
function settled(promises: readonly Promise<unknown>[]): Promise<unknown> {
  return Promise.allSettled(promises);
}
