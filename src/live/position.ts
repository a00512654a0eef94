/** Where a listener is: the id of the last event that it got, from which it goes on when it comes again. */

export interface Position {
  /** When what it got last had arrived, UNIX ms. */
  readonly time: number;
  /** Number of the event within a run of a gateway's events; 0: read from the store. */
  readonly seq: number;
  /** Which run; `STORED`: none. */
  readonly run: string;
}

/** In place of a run where an event was read from the store. */
export const STORED = '0';

/** `1795176000000-17-k3x9a2`. */
export function positionText({ time, seq, run }: Position): string {
  return `${time}-${seq}-${run}`;
}

/** Undefined: the text is no position. */
export function parsePosition(text: string): Position | undefined {
  const [, time, seq, run] = /^(\d{1,14})-(\d{1,15})-([0-9a-z]{1,16})$/.exec(text) ?? [];
  return run === undefined ? undefined : { time: Number(time), seq: Number(seq), run };
}
