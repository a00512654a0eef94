/** Shortest and longest wait before a server is tried again, in milliseconds. */
export const FIRST_WAIT = 100;
export const LONGEST_WAIT = 5_000;

/** Waits that double with each failure, spread by a half so that a fleet does not come all at once. */
export interface Backoff {
  /** Milliseconds to wait after one more failure. */
  next(): number;
  /** It went well: the next wait is the shortest again. */
  reset(): void;
}

/** `random` is from 0 to 1, like Math.random. */
export function createBackoff(random: () => number): Backoff {
  let wait = FIRST_WAIT;
  return {
    next() {
      const now = wait;
      wait = Math.min(wait * 2, LONGEST_WAIT);
      return now * (0.5 + random() / 2);
    },
    reset() {
      wait = FIRST_WAIT;
    },
  };
}
