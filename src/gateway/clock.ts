/** The time, passed in so that a test can turn it. */
export interface Clock {
  /** UNIX ms. */
  now(): number;
  /** Milliseconds that never step back, for durations. */
  monotonic(): number;
}

export const systemClock: Clock = { now: () => Date.now(), monotonic: () => performance.now() };
