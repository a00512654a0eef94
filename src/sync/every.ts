/** Tasks that come again and again, one at a time; a failure is told once until it is over. */

export interface Recurring {
  /** Between the end of one and the beginning of the next. */
  readonly ms: number;
  readonly task: () => Promise<unknown>;
}

/** Starts them, the first time at once; returns what ends them, which resolves when none is under way. */
export function every(tasks: readonly Recurring[], onTrouble: (why: string) => void): () => Promise<void> {
  const timers = new Map<Recurring, NodeJS.Timeout>();
  let isEnded = false;
  let turn: Promise<void> = Promise.resolve();
  let told = '';

  async function run({ task }: Recurring): Promise<void> {
    if (isEnded) return;
    try {
      await task();
      told = '';
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (why !== told && !isEnded) onTrouble(why);
      told = why;
    }
  }

  function start(one: Recurring): void {
    turn = turn.then(() => run(one));
    turn.then(() => {
      if (!isEnded)
        timers.set(
          one,
          setTimeout(() => start(one), one.ms),
        );
    });
  }

  for (const one of tasks) start(one);
  return async () => {
    isEnded = true;
    for (const timer of timers.values()) clearTimeout(timer);
    await turn;
  };
}
