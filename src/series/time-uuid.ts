/** Version-1 UUIDs: the time of a reading and what tells it from another one of the same time. */
import type { TimeUuid } from '../store/store.js';

export type { TimeUuid } from '../store/store.js';

/** Times a time UUID can carry, UNIX ms: from 1582-10-15 to the year 5236. */
export const MIN_TIME = -12_219_292_800_000;
export const MAX_TIME = Math.floor((2 ** 60 - 1) / 10_000) + MIN_TIME - 1;

export declare function derivedTimeUuid(timeMs: number, type: string, data: string): TimeUuid;
export declare function createTimeUuidClock(options: {
  readonly now: () => number;
  readonly random: () => number;
}): () => TimeUuid;
export declare function uuidTime(uuid: TimeUuid): number;
export declare function formatUuid(uuid: TimeUuid): string;
/** Undefined when the text is no version-1 UUID. */
export declare function parseUuid(text: string): TimeUuid | undefined;
export declare function lowestAt(timeMs: number): TimeUuid;
export declare function highestAt(timeMs: number): TimeUuid;
export declare function compareTimeUuids(a: TimeUuid, b: TimeUuid): number;
