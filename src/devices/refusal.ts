/**
 * What was asked of devices or accounts cannot be done, for a reason the asker can act on. `code` says which answer it
 * deserves; the message names what was wrong, what it was, and what is taken.
 */
export class Refusal extends Error {
  constructor(
    readonly code: RefusalCode,
    message: string,
    /** What of the asker's was wrong, where that is one thing: `name`, `owner`. */
    readonly field?: string,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

export type RefusalCode =
  /** There is no such thing. */
  | 'unknown'
  /** What was given is not of the form that is taken. */
  | 'invalid'
  /** It contradicts what is there: a name that is taken, a command that ended. */
  | 'conflict'
  /** A bound is reached. */
  | 'full'
  /** Too much is asked for at once: the same may be asked again soon. */
  | 'busy';
