/** What has come of the bytes or the intent at hand, as the sessions of trackers add to it. */
import type { Confirmation, Effect, NewReading, Oddity } from './protocol.js';
import { hexJson } from './raw.js';

/** Bytes of something odd that are shown in the log. */
export const MAX_SHOWN_BYTES = 64;

export interface Outcome {
  effects: Effect[];
}

/** Stores readings, in their order. */
export function store(outcome: Outcome, readings: readonly NewReading[]): void {
  for (const reading of readings) outcome.effects.push({ do: 'store', reading });
}

/** Keeps bytes that were not understood, dated now. */
export function keepRaw(outcome: Outcome, type: string, bytes: Buffer): void {
  store(outcome, [{ type, time: null, data: hexJson(bytes), listed: null }]);
}

export function confirm(outcome: Outcome, what: Confirmation): void {
  outcome.effects.push({ do: 'confirm', what });
}

/** Counts something odd, with the bytes it was in. */
export function count(outcome: Outcome, what: Oddity, why: string, bytes?: Buffer): void {
  outcome.effects.push({ do: 'count', what, why, ...(bytes && { bytes: bytes.subarray(0, MAX_SHOWN_BYTES) }) });
}

/** All that has come, once. */
export function takeEffects(outcome: Outcome): Effect[] {
  const { effects } = outcome;
  outcome.effects = [];
  return effects;
}
