/** What a pair remembers, durably: how far both sides are known to be in step, and what one of them refuses. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { readJson, writeJson } from './json-file.js';

const RefusedEntry = Type.Object({
  to: Type.Union([Type.Literal('index'), Type.Literal('table')]),
  version: Type.Number(),
  why: Type.String(),
  /** When it was refused, UNIX ms. */
  at: Type.Number(),
});
const State = Type.Object({
  /** Changes before it are on both sides, UNIX ms; null: nothing is known. */
  point: Type.Union([Type.Number(), Type.Null()]),
  /** When everything was compared last, UNIX ms. */
  swept: Type.Union([Type.Number(), Type.Null()]),
  /** When a run ended well last, and what the last one that did not said. */
  ranAt: Type.Union([Type.Number(), Type.Null()]),
  error: Type.Union([Type.Object({ at: Type.Number(), why: Type.String() }), Type.Null()]),
  runs: Type.Number(),
  /** Of all runs together. */
  work: Type.Record(Type.String(), Type.Number()),
  /** By id, the oldest first. */
  refused: Type.Record(Type.String(), RefusedEntry),
});
export type PairState = Static<typeof State>;
export type RefusedEntry = Static<typeof RefusedEntry>;

/** Refused things that are kept with their reasons; of more the oldest are forgotten. */
export const MAX_REFUSED = 10_000;

export function newState(): PairState {
  return { point: null, swept: null, ranAt: null, error: null, runs: 0, work: {}, refused: {} };
}

/** The state of a name in a directory; one that cannot be read is none, which costs a comparison of everything. */
export async function loadState(directory: string, name: string): Promise<PairState> {
  const content = await readJson(stateFile(directory, name));
  return Value.Check(State, content) ? content : newState();
}

/** Resolves when it is on the disk, whole. */
export function saveState(directory: string, name: string, state: PairState): Promise<void> {
  return writeJson(stateFile(directory, name), state);
}

/** Sets something aside; the oldest of too many are forgotten. */
export function setAside(state: PairState, id: string, entry: RefusedEntry): void {
  delete state.refused[id];
  state.refused[id] = entry;
  const ids = Object.keys(state.refused);
  for (const oldest of ids.slice(0, Math.max(0, ids.length - MAX_REFUSED))) delete state.refused[oldest];
}

const SetAside = Type.Record(Type.String(), RefusedEntry);
export type SetAside = Static<typeof SetAside>;

/**
 * What rebuilding set aside, of a pair whose state a daemon may hold at this moment: its next run takes it over from here.
 */
export async function loadRebuilt(directory: string, name: string): Promise<SetAside> {
  const content = await readJson(rebuiltFile(directory, name));
  return Value.Check(SetAside, content) ? content : {};
}

export async function saveRebuilt(directory: string, name: string, refused: SetAside): Promise<void> {
  await writeJson(rebuiltFile(directory, name), { ...(await loadRebuilt(directory, name)), ...refused });
}

export function removeRebuilt(directory: string, name: string): Promise<void> {
  return rm(rebuiltFile(directory, name), { force: true });
}

function rebuiltFile(directory: string, name: string): string {
  return join(directory, `${name}.rebuilt.json`);
}

function stateFile(directory: string, name: string): string {
  return join(directory, `${name}.state.json`);
}
