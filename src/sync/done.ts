/** Changes within the overlap that need not be looked at again. */

export interface Done {
  /** Whether a change that is listed with this time was looked at long enough after it was seen first. */
  isChangeDone(id: string, listed: number): boolean;
  /** Whether the document was in this state when both sides were the same. */
  isDocumentDone(id: string, state: string): boolean;
  /** Both sides are the same, or one refuses what the other has; `state` of the document, where it is known. */
  same(id: string, state: string | null): void;
}

/** Ids that are remembered at the most; the oldest are forgotten, and looked at once more. */
export const MAX_DONE = 200_000;
/** Milliseconds a row may be written after it was listed as changed: before that, a change that was seen is seen again. */
export const SETTLED_AFTER = 5_000;

interface Entry {
  listed: number;
  /** When we saw that first, by our own clock. */
  seenAt: number;
  settled: boolean;
  state: string | null;
}

/** `now`: UNIX ms. */
export function createDone(now: () => number): Done {
  const entries = new Map<string, Entry>();

  function entryOf(id: string): Entry {
    const entry = entries.get(id) ?? { listed: -1, seenAt: 0, settled: false, state: null };
    entries.delete(id);
    entries.set(id, entry);
    for (const oldest of entries.keys()) {
      if (entries.size <= MAX_DONE) break;
      entries.delete(oldest);
    }
    return entry;
  }

  return {
    isChangeDone(id, listed) {
      const entry = entryOf(id);
      if (entry.listed >= listed) return entry.settled;
      entry.listed = listed;
      entry.seenAt = now();
      entry.settled = false;
      return false;
    },
    isDocumentDone: (id, state) => entries.get(id)?.state === state,
    same(id, state) {
      const entry = entryOf(id);
      entry.settled = entry.listed >= 0 && now() - entry.seenAt >= SETTLED_AFTER;
      if (state !== null) entry.state = state;
    },
  };
}
