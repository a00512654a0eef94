/**
 * What one simulated device sent, and what was acknowledged: it may forget that, and so the server must have it. A
 * reading follows from its number, so that numbers are all there is to keep.
 */
export interface Ledger {
  readonly ident: string;
  /** Number of the device, from 0. */
  readonly index: number;
  /** Readings from 0 up to this one were acknowledged. */
  acknowledged: number;
  /** Readings from 0 up to this one were sent at least once. */
  sent: number;
  /** The newest value of each setting whose report was acknowledged. */
  readonly settings: Map<string, string>;
  /** Responses to commands, by the command's text, that were acknowledged; null: done, and nothing said. */
  readonly commands: Map<string, string | null>;
}

/** Settings, and commands, that a ledger keeps; further ones are answered and not kept. */
export const MAX_KEPT = 1_000;

export function newLedger(index: number, ident: string): Ledger {
  return { ident, index, acknowledged: 0, sent: 0, settings: new Map(), commands: new Map() };
}

/** Keeps what was acknowledged, up to `MAX_KEPT`. */
export function keep<T>(into: Map<string, T>, what: ReadonlyMap<string, T>): void {
  for (const [name, value] of what) if (into.has(name) || into.size < MAX_KEPT) into.set(name, value);
}
