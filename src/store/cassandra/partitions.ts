/** Watches how large the partitions of readings become: Cassandra suffers from those beyond 100 MB. */
import { createBoundedMap } from './bounded-map.js';

/** Bytes of a partition above which the operator is told to take days as periods. */
export const LARGE_PARTITION = 80_000_000;
/** Partitions watched at once, those written to last. */
const MAX_WATCHED = 100_000;
/** What a row takes besides its texts, in bytes. */
const ROW_OVERHEAD = 40;

export type OnLargePartition = (id: string, period: string) => void;

/** A partition with the bytes that this process wrote to it. */
export interface WatchedPartition {
  bytes: number;
}

export interface PartitionWatch {
  of(id: string, period: string): WatchedPartition;
  /** Counts a row of so many bytes of text; tells once when the partition becomes large. */
  grow(partition: WatchedPartition, id: string, period: string, bytes: number): void;
}

/**
 * Counts what this process writes, per series and period: an estimate from below, for it begins anew with each process,
 * and other gateways may write to the same partition.
 */
export function watchPartitions(onLarge: OnLargePartition): PartitionWatch {
  const partitions = createBoundedMap<WatchedPartition>(MAX_WATCHED);
  return {
    of(id, period) {
      const key = `${period} ${id}`;
      const partition = partitions.get(key) ?? { bytes: 0 };
      partitions.set(key, partition);
      return partition;
    },
    grow(partition, id, period, bytes) {
      const before = partition.bytes;
      partition.bytes += bytes + ROW_OVERHEAD;
      if (before < LARGE_PARTITION && partition.bytes >= LARGE_PARTITION) onLarge(id, period);
    },
  };
}
