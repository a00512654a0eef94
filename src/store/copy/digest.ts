/** What a period of a series holds, in a few numbers that do not depend on the database that holds it. */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Row, Store } from '../store.js';

/** Readings of one type. */
export interface TypeDigest {
  readonly rows: number;
  /** SHA-256 over time UUID, time of arrival and data of each, in the order of their times. */
  readonly hash: string;
  /** How many of them expire, and the sum of the seconds that they have left. */
  readonly expiring: number;
  readonly secondsLeft: number;
}

/** By type. */
export type PeriodDigest = ReadonlyMap<string, TypeDigest>;

/**
 * Digests a period of one type, or of all. Rows that expire at `horizon` (UNIX ms) or before are passed over: they
 * would be gone from one side before the other one is looked at.
 */
export async function digestPeriod(
  store: Store,
  id: string,
  type: string | undefined,
  period: string,
  horizon: number,
): Promise<PeriodDigest> {
  const types = new Map<string, Open>();
  const query = { id, type, period, from: undefined, to: undefined, order: 'oldest', expires: true } as const;
  let looked = 0;
  for await (const row of store.rows(query)) {
    // LMDB answers at once, and signals and timers shall have their turn.
    if (++looked % ROWS_A_TURN === 0) await setImmediate();
    const { expires = 0 } = row;
    if (expires !== 0 && expires <= horizon) continue;
    let open = types.get(row.type);
    if (!open) {
      open = { rows: 0, hash: createHash('sha256'), expiring: 0, secondsLeft: 0 };
      types.set(row.type, open);
    }
    open.rows++;
    addRow(open.hash, row);
    if (expires === 0) continue;
    open.expiring++;
    open.secondsLeft += (expires - horizon) / 1_000;
  }
  return new Map([...types].map(([one, open]) => [one, { ...open, hash: open.hash.digest('hex') }]));
}

const ROWS_A_TURN = 2_000;

interface Open {
  rows: number;
  readonly hash: Hash;
  expiring: number;
  secondsLeft: number;
}

function addRow(hash: Hash, { time, received, data }: Row): void {
  const head = Buffer.allocUnsafe(12);
  head.writeDoubleBE(received);
  head.writeUInt32BE(data.length, 8);
  hash.update(time);
  hash.update(head);
  hash.update(data);
}
