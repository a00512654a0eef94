/** Watches how large the partitions of readings become: Cassandra suffers from those beyond 100 MB. */
import { createBoundedMap } from './bounded-map.js';

/** Bytes of a partition above which the operator is told to take days as periods. */
export const LARGE_PARTITION = 80_000_000;
/** Partitions watched at once, those written to last. */
const MAX_WATCHED = 100_000;
/** What a row takes besides its texts, in bytes. */
const ROW_OVERHEAD = 40;

export type OnLargePartition = (id: string, period: string) => void;

/**
 * Counts what this process writes, per series and period, and calls back once for each that becomes large. An estimate
 * from below: it begins anew with each process, and other gateways may write to the same partition.
 */
export function watchPartitions(onLarge: OnLargePartition): (id: string, period: string, bytes: number) => void {
  const sizes = createBoundedMap<number>(MAX_WATCHED);
  return (id, period, bytes) => {
    const key = `${period} ${id}`;
    const before = sizes.get(key) ?? 0;
    const after = before + bytes + ROW_OVERHEAD;
    sizes.set(key, after);
    if (before < LARGE_PARTITION && after >= LARGE_PARTITION) onLarge(id, period);
  };
}
