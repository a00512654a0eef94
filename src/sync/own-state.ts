/** How far the indices of our own devices and readings are, durably, for `m2mp sync status`. */
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { OwnConfig } from './config.js';
import { readJson, writeJson } from './json-file.js';

const IndexState = Type.Object({
  /** What changed before it is in the index, UNIX ms; null: nothing is known. */
  point: Type.Union([Type.Number(), Type.Null()]),
  /** Documents written, of all runs together. */
  written: Type.Number(),
  error: Type.Union([Type.Object({ at: Type.Number(), why: Type.String() }), Type.Null()]),
  /** Ids of documents that the index refused and has not taken since, the oldest first. */
  refused: Type.Record(Type.String(), Type.Object({ at: Type.Number(), why: Type.String() })),
});
export type IndexState = Static<typeof IndexState>;

const OwnState = Type.Object({ devices: IndexState, readings: IndexState });
export type OwnState = Static<typeof OwnState>;

/** Refused documents that are kept with their reasons; of more the oldest are forgotten. */
export const MAX_REFUSED_OWN = 200;

export function newOwnState(): OwnState {
  const none = (): IndexState => ({ point: null, written: 0, error: null, refused: {} });
  return { devices: none(), readings: none() };
}

/** The state in a directory; one that cannot be read is a new one. */
export async function loadOwnState(directory: string): Promise<OwnState> {
  const content = await readJson(fileIn(directory));
  return Value.Check(OwnState, content) ? content : newOwnState();
}

export function saveOwnState(directory: string, state: OwnState): Promise<void> {
  return writeJson(fileIn(directory), state);
}

/** Notes what a document came to; `why` null: it was taken. */
export function noteOutcome({ refused }: IndexState, id: string, why: string | null, at: number): void {
  delete refused[id];
  if (why === null) return;
  refused[id] = { at, why };
  const ids = Object.keys(refused);
  for (const oldest of ids.slice(0, Math.max(0, ids.length - MAX_REFUSED_OWN))) delete refused[oldest];
}

export function noteError(state: IndexState, error: unknown, at: number): void {
  state.error = { at, why: error instanceof Error ? error.message : String(error) };
}

/** A task that writes what changed until it began, and resolves to how many documents that were: noted. */
export function noting(state: IndexState, now: () => number, task: () => Promise<number>): () => Promise<void> {
  return async () => {
    const startedAt = now();
    try {
      state.written += await task();
      state.point = startedAt;
      state.error = null;
    } catch (error) {
      noteError(state, error, now());
      throw error;
    }
  };
}

/** Of the indices that are kept, by name. */
export function keptStates(state: OwnState, { readings }: OwnConfig): [keyof OwnState, IndexState][] {
  const names = readings.length > 0 ? (['devices', 'readings'] as const) : (['devices'] as const);
  return names.map((name) => [name, state[name]]);
}

/** No pair's: the names of theirs end in `.state.json`. */
function fileIn(directory: string): string {
  return join(directory, 'own.json');
}
