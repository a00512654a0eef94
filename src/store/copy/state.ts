/** How far a copy has come, kept in a file so that one that was killed goes on where it was. */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';

/** Differences, and rows that were refused, that are named; the others are counted. */
export const MAX_NAMED = 100;
/** Characters of what is said of one of them. */
const MAX_WORDS = 400;

const count = Type.Integer({ minimum: 0 });
const counts = Type.Object({ nodes: count, children: count, blocks: count, series: count });
const findings = Type.Object({ count, first: Type.Array(Type.String(), { maxItems: MAX_NAMED }) });

/** What of a key is done: all, or the periods after one, and of that one the rows up to a time (hexadecimal). */
const progress = Type.Union([
  Type.Literal('done'),
  Type.Object({ period: Type.String(), time: Type.Union([Type.String({ pattern: '^[0-9a-f]{32}$' }), Type.Null()]) }),
]);

const schema = Type.Object({
  version: Type.Literal(1),
  work: Type.Union([Type.Literal('copy'), Type.Literal('verify')]),
  /** Addresses. */
  from: Type.String(),
  to: Type.String(),
  /** Index into the steps of the work. */
  step: count,
  /** The last key of the step before which all is done, and how many that are. */
  after: Type.Union([Type.String(), Type.Null()]),
  done: count,
  /** Keys behind it that were begun. */
  begun: Type.Record(Type.String(), progress),
  /** Keys of the source, when they were counted. */
  totals: Type.Union([counts, Type.Null()]),
  /** Rows that were written. */
  written: Type.Object({ nodes: count, children: count, blocks: count, readings: count }),
  verifiedReadings: count,
  differences: findings,
  refused: findings,
});

export type Progress = Static<typeof progress>;
/** Counts of keys, by what they are of. */
export type KeyCounts = Static<typeof counts>;
/** What was found, and the first of it in words. */
export type Findings = Static<typeof findings>;
/** Changed in place while the copy runs; what it says is done is durable in the target. */
export type CopyState = Omit<Static<typeof schema>, 'begun'> & { begun: Map<string, Progress> };

/** The state at the beginning. */
export function beginning(work: CopyState['work'], from: string, to: string): CopyState {
  return {
    version: 1,
    work,
    from,
    to,
    step: 0,
    after: null,
    done: 0,
    begun: new Map(),
    totals: null,
    written: { nodes: 0, children: 0, blocks: 0, readings: 0 },
    verifiedReadings: 0,
    differences: { count: 0, first: [] },
    refused: { count: 0, first: [] },
  };
}

/** Counts something, and keeps the words of the first ones. */
export function note(findings: Findings, words: string): void {
  findings.count++;
  if (findings.first.length < MAX_NAMED) findings.first.push(words.slice(0, MAX_WORDS));
}

/** The state in a file; undefined where there is none. Throws where it holds anything else. */
export function readState(file: string): CopyState | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    state = undefined;
  }
  if (!Value.Check(schema, state))
    throw new TypeError(`${file} holds no state of a copy: name another file, or remove it`);
  return { ...state, begun: new Map(Object.entries(state.begun)) };
}

/** Writes the state so that after a crash at any instant the file holds this one or the one before, whole. */
export function writeState(file: string, state: CopyState): void {
  const draft = `${file}.new`;
  withFile(draft, 'w', (fd) => {
    writeSync(fd, JSON.stringify({ ...state, begun: Object.fromEntries(state.begun) }));
  });
  renameSync(draft, file);
  withFile(dirname(file), 'r', () => {});
}

export function removeState(file: string): void {
  rmSync(file, { force: true });
}

function withFile(path: string, flags: string, use: (fd: number) => void): void {
  const fd = openSync(path, flags);
  try {
    use(fd);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
