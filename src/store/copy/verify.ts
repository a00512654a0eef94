/** Compares what belongs to one key in two stores, and says in words what differs. */
import type { KeysOf, Store } from '../store.js';
import { digestPeriod, type PeriodDigest, type TypeDigest } from './digest.js';
import { type CopyState, note, type Progress } from './state.js';
import { childrenOf, periodsFrom } from './tasks.js';

/** Seconds by which a time to live may differ for each reading: Cassandra counts in seconds, and takes time to say so. */
export const EXPIRY_TOLERANCE = 10;
/** Ms a reading must have left to be compared, and how often a period with readings that expire is looked at again. */
const LEAST_LEFT = 60_000;
const MAX_LOOKS = 3;

export interface Verifying {
  readonly source: Store;
  readonly target: Store;
  readonly state: CopyState;
  readonly isStopped: () => boolean;
  readonly onProgress: () => void;
  /** UNIX ms. */
  readonly now: () => number;
}

type Task = (verifying: Verifying, key: string, before: Progress | undefined) => Promise<void>;

/** For each key of the source. Differences are noted in the state. */
export const verifyTasks: Readonly<Record<KeysOf, Task>> = {
  nodes: verifyNode,
  children: verifyChildren,
  blocks: verifyBlocks,
  series: verifySeries,
};

/** For each key of the target: whether the source has it at all; if so it was compared. */
export const surplusTasks: Readonly<Record<KeysOf, Task>> = {
  nodes: async (verifying, path) => {
    if (!(await verifying.source.node(path))) await verifyNode(verifying, path);
  },
  children: async (verifying, path) => {
    if ((await verifying.source.children(path, undefined, 1)).length === 0) await verifyChildren(verifying, path);
  },
  blocks: async (verifying, path) => {
    if ((await verifying.source.blocks(path)).length === 0) await verifyBlocks(verifying, path);
  },
  series: async (verifying, id) => {
    if ((await verifying.source.periods(id, undefined)).length === 0) await verifySeries(verifying, id, undefined);
  },
};

async function verifyNode({ source, target, state }: Verifying, path: string): Promise<void> {
  const [before, after] = await Promise.all([source.node(path), target.node(path)]);
  const differs = (what: string) => note(state.differences, `node ${shown(path)}: ${what}`);
  if (before?.status !== after?.status) {
    differs(`status ${before?.status ?? 'none'} in the source, ${after?.status ?? 'none'} in the target`);
    return;
  }
  const names = new Set([...(before?.values.keys() ?? []), ...(after?.values.keys() ?? [])]);
  const other = [...names].filter((name) => before?.values.get(name) !== after?.values.get(name));
  // A value may be a password: it is named, not shown.
  if (other.length > 0) differs(`${other.length} of ${names.size} values differ, such as ${shown(other[0] ?? '')}`);
}

async function verifyChildren({ source, target, state }: Verifying, path: string): Promise<void> {
  const [there, here] = [flat(childrenOf(source, path)), flat(childrenOf(target, path))];
  try {
    for (;;) {
      const [{ value: before }, { value: after }] = await Promise.all([there.next(), here.next()]);
      if (before === undefined && after === undefined) return;
      if (before === after) continue;
      const first = `${shown(before)} in the source, ${shown(after)} in the target`;
      note(state.differences, `children of ${shown(path)}: the first that differs is ${first}`);
      return;
    }
  } finally {
    await Promise.all([there.return(undefined), here.return(undefined)]);
  }
}

async function verifyBlocks({ source, target, state, isStopped }: Verifying, path: string): Promise<void> {
  const [before, after] = await Promise.all([source.blocks(path), target.blocks(path)]);
  for (const block of new Set([...before, ...after])) {
    if (isStopped()) return;
    const [one, other] = await Promise.all([source.block(path, block), target.block(path, block)]);
    if (one && other && Buffer.compare(one, other) === 0) continue;
    const sizes = `${size(one)} in the source, ${size(other)} in the target`;
    note(state.differences, `block ${block} of ${shown(path)}: ${sizes}${one && other ? ', with other bytes' : ''}`);
  }
}

async function verifySeries(verifying: Verifying, id: string, before: Progress | undefined): Promise<void> {
  const { source, target, state, isStopped, onProgress } = verifying;
  const [there, here] = await Promise.all([source.periods(id, undefined), target.periods(id, undefined)]);
  const all = [...new Set([...there, ...here])];
  for (const period of periodsFrom(all, before === 'done' ? undefined : before?.period)) {
    if (isStopped()) return;
    state.begun.set(id, { period, time: null });
    onProgress();
    const { rows, differences } = await comparePeriod(verifying, id, period);
    state.verifiedReadings += rows;
    for (const one of differences) note(state.differences, `series ${shown(id)}, ${period}: ${one}`);
  }
}

async function comparePeriod({ source, target, now }: Verifying, id: string, period: string) {
  for (let look = 1; ; look++) {
    const horizon = now() + LEAST_LEFT;
    const before = await digestPeriod(source, id, undefined, period, horizon);
    const after = await digestPeriod(target, id, undefined, period, horizon);
    const differences = compare(before, after);
    // What is read of one type has a place of its own in Cassandra.
    for (const [type, digest] of after) {
      const read = (await digestPeriod(target, id, type, period, horizon)).get(type);
      const what = difference(digest, read);
      if (what) differences.push(`${shown(type)} in the target, read over all types and by itself: ${what}`);
    }
    const expiring = [...before.values(), ...after.values()].some((digest) => digest.expiring > 0);
    // A reading may have been at the horizon; the next time it is not.
    if (differences.length > 0 && expiring && look < MAX_LOOKS) continue;
    return { rows: [...before.values()].reduce((sum, { rows }) => sum + rows, 0), differences };
  }
}

function compare(before: PeriodDigest, after: PeriodDigest): string[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((type) => {
    const what = difference(before.get(type), after.get(type));
    return what ? [`${shown(type)} in the source and in the target: ${what}`] : [];
  });
}

function difference(one: TypeDigest | undefined, other: TypeDigest | undefined): string | undefined {
  if (!one || !other || one.rows !== other.rows) return `${one?.rows ?? 0} and ${other?.rows ?? 0} readings`;
  if (one.hash !== other.hash)
    return `${one.rows} readings each, but not the same (SHA-256 ${one.hash.slice(0, 12)}… and ${other.hash.slice(0, 12)}…)`;
  const apart = Math.abs(one.secondsLeft - other.secondsLeft);
  if (one.expiring !== other.expiring || apart > EXPIRY_TOLERANCE * one.expiring)
    return `the same ${one.rows} readings, but other times to live (${one.expiring} and ${other.expiring} expire)`;
  return undefined;
}

async function* flat(pages: AsyncIterable<string[]>): AsyncGenerator<string, undefined> {
  for await (const page of pages) yield* page;
  return undefined;
}

function shown(text: string | undefined): string {
  return text === undefined ? 'none' : JSON.stringify(text);
}

function size(block: Uint8Array | undefined): string {
  return block ? `${block.byteLength} bytes` : 'none';
}
