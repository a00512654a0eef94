import { Refusal } from './refusal.js';

/**
 * Lets one task at a time work on what a key names, in the order of asking, so that reading and writing it back is
 * right. Resolves or rejects as the task does; rejects with a `Refusal` `full` when too many wait for the same key.
 */
export type Turns = <T>(key: string, task: () => Promise<T>) => Promise<T>;

/** Tasks that may wait for one key, unless told otherwise. */
export const MAX_WAITING_TASKS = 1_000;

export function createTurns(maxWaiting: number = MAX_WAITING_TASKS): Turns {
  const queues = new Map<string, { last: Promise<unknown>; waiting: number }>();

  return async (key, task) => {
    const queue = queues.get(key) ?? { last: Promise.resolve(), waiting: 0 };
    if (queue.waiting >= maxWaiting)
      throw new Refusal('full', `Too much at once: ${maxWaiting} changes of ${key} are under way`);
    queues.set(key, queue);
    queue.waiting++;
    const turn = queue.last.then(task);
    queue.last = turn.catch(() => {});
    try {
      return await turn;
    } finally {
      queue.waiting--;
      if (queue.waiting === 0) queues.delete(key);
    }
  };
}
