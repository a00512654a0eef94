/** A date that a tracker gave by its own clock, as it is stored, and what was odd about it. */
import { afterRollover, utcOf } from './clock.js';

export interface DeviceDate {
  /** UNIX ms, or null: a date that cannot be, and what it was to date is dated when it arrives. */
  readonly time: number | null;
  readonly odd: { readonly what: 'invalid_time' | 'week_rollover'; readonly why: string } | null;
}

/**
 * The date that was meant by `local` (UNIX ms as if the device's clock were UTC, null: no moment of the calendar), of
 * a clock `clockOffset` minutes ahead of UTC. `shown` is the date as it came, for a person.
 */
export function deviceDate(local: number | null, clockOffset: number, now: number, shown: string): DeviceDate {
  if (local === null) return { time: null, odd: { what: 'invalid_time', why: `a date that cannot be: ${shown}` } };
  const time = utcOf(local, clockOffset);
  const meant = afterRollover(time, now);
  if (meant === null) return { time, odd: null };
  const why = `the date ${shown} is of an earlier round of GPS weeks, ${new Date(meant).toISOString()} is meant`;
  return { time: meant, odd: { what: 'week_rollover', why } };
}
