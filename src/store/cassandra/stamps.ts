/**
 * The write timestamps that Cassandra orders by, in UNIX µs. They come from here and not from the driver, so that a
 * batch takes effect in its order though its parts are written at once, and a repeated one changes nothing.
 */
import { createBoundedMap } from './bounded-map.js';

export interface Stamps {
  /** Greater than every one before it of this process. */
  next(): number;
  /**
   * Of a reading: when it arrived (UNIX ms), which is where that is kept. After a deletion from its series it is later
   * than that, or a reading that arrived before and is written after it would be lost without a word.
   */
  ofReading(id: string, received: number): number;
  /**
   * Of a deletion of readings whose own stamps go up to `newest`: just above them, so that it takes what was found and
   * nothing that comes later, whatever the clocks of other gateways say.
   */
  ofDeletion(id: string, newest: number): number;
}

/** Series whose last deletion is remembered. */
const MAX_DELETIONS = 10_000;

/** `now` gives UNIX ms. */
export function createStamps(now: () => number): Stamps {
  const deletions = createBoundedMap<number>(MAX_DELETIONS);
  let last = 0;

  function next(): number {
    last = Math.max(last + 1, Math.floor(now() * 1_000));
    return last;
  }

  return {
    next,
    ofReading(id, received) {
      const deletion = deletions.get(id) ?? -1;
      return Math.max(Math.floor(received) * 1_000, deletion + 1);
    },
    ofDeletion(id, newest) {
      const stamp = Math.max(newest, deletions.get(id) ?? -1) + 1;
      deletions.set(id, stamp);
      return stamp;
    },
  };
}

/** When a reading of this stamp arrived, UNIX ms. */
export function receivedAt(stamp: number): number {
  return Math.floor(stamp / 1_000);
}
