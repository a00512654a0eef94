/** Dates of devices whose clocks are not of UTC, or whose GPS receivers are too old. */

/** GPS counts weeks in ten bits: an old receiver's date steps back so many milliseconds each time they come round. */
export const WEEK_ROLLOVER = 1_024 * 7 * 86_400_000;
/** A date further ahead than this is of no clock that merely goes fast. */
const MAX_AHEAD = 86_400_000;
/** A date further back than this, once corrected, is not known to be one that stepped back. */
const MAX_BACK = 400 * 86_400_000;

/** A report that comes so many ms after its date was kept by its device for want of a network. */
export const BUFFERED_AFTER = 600_000;

/** Whether a device kept what it dated at `time`, UNIX ms, before it came `now`. */
export function isBuffered(time: number, now: number): boolean {
  return now - time >= BUFFERED_AFTER;
}

/** UNIX ms of a date that a device read off a clock so many minutes ahead of UTC, as if it were UTC. */
export function utcOf(time: number, clockOffset: number): number {
  return time - clockOffset * 60_000;
}

/**
 * The date that was meant, where the GPS week counter came round: 1,024 weeks or a multiple later, and within the
 * last 400 days. Null: it is no such date.
 */
export function afterRollover(time: number, now: number): number | null {
  const times = Math.floor((now + MAX_AHEAD - time) / WEEK_ROLLOVER);
  const meant = time + times * WEEK_ROLLOVER;
  return times >= 1 && meant >= now - MAX_BACK ? meant : null;
}
