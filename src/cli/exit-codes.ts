/** What the exit codes of `m2mp` mean. */
export const EXIT = {
  ok: 0,
  /** What was asked could not be done, or was not as expected. */
  failed: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The store failed: what is on disk is safe, and nothing after it was acknowledged. */
  storeFailed: 74,
} as const;
