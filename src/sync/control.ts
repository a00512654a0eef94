/** Starts, stops and asks after the daemon in the background, by the files of its directory. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncConfig } from './config.js';
import { countOwn } from './own-count.js';
import { type IndexState, keptStates, loadOwnState } from './own-state.js';
import { runningProcess } from './pid-file.js';
import { loadRebuilt, loadState, type PairState } from './state.js';

/** Bytes of the log above which a start puts it aside as `sync.log.1`. */
export const MAX_LOG = 50 << 20;
/** Milliseconds the daemon may take to start, and to end what it is doing. */
export const START_WITHIN = 30_000;
export const STOP_WITHIN = 60_000;
const POLL = 50;
/** Characters of the log's end that are shown when the daemon did not start. */
const SHOWN = 2_000;

export const pidFile = (config: Pick<SyncConfig, 'state'>): string => join(config.state, 'sync.pid');
export const logFile = (config: Pick<SyncConfig, 'state'>): string => join(config.state, 'sync.log');

/** Runs a command as the daemon; resolves to its process once it holds the pid file, rejects with the end of its log. */
export async function startDaemon(config: SyncConfig, command: readonly [string, ...string[]]): Promise<number> {
  const running = await runningProcess(pidFile(config));
  if (running !== null) throw new Error(`it runs already, as process ${running}`);
  mkdirSync(config.state, { recursive: true });
  rotate(logFile(config));
  const log = openSync(logFile(config), 'a');
  const [program, ...parameters] = command;
  const child = spawn(program, parameters, { detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  const ended = once(child, 'exit').then(() => true);
  for (const until = Date.now() + START_WITHIN; Date.now() < until; ) {
    const process = await runningProcess(pidFile(config));
    if (process !== null && process === child.pid) {
      child.unref();
      return process;
    }
    if (await Promise.race([ended, sleep(POLL)])) break;
  }
  child.kill('SIGKILL');
  const text = await readFile(logFile(config), 'utf8');
  throw new Error(`it did not start; the end of ${logFile(config)}:\n${text.slice(-SHOWN).trimEnd()}`);
}

/** Ends the daemon; resolves to its process, or null: none ran. */
export async function stopDaemon(config: SyncConfig): Promise<number | null> {
  const running = await runningProcess(pidFile(config));
  if (running === null) return null;
  process.kill(running, 'SIGTERM');
  for (const until = Date.now() + STOP_WITHIN; Date.now() < until; await sleep(POLL))
    if ((await runningProcess(pidFile(config))) !== running) return running;
  throw new Error(`process ${running} did not end in ${STOP_WITHIN / 1_000} s`);
}

export interface SyncStatus {
  /** The daemon's process, or null: it does not run. */
  readonly process: number | null;
  readonly pairs: readonly PairStatus[];
  /** The indices of our own data that are kept: devices, readings. */
  readonly own: readonly OwnStatus[];
}

export interface PairStatus {
  readonly name: string;
  /** Milliseconds for which changes may not have travelled yet; null: nothing was in step yet. */
  readonly lag: number | null;
  readonly runs: number;
  readonly work: Readonly<Record<string, number>>;
  readonly refused: number;
  /** The last ones. */
  readonly lastRefused: readonly (PairState['refused'][string] & { readonly id: string })[];
  readonly error: PairState['error'];
}

export interface OwnStatus {
  readonly name: string;
  /** As of a pair. */
  readonly lag: number | null;
  /** Documents in the index now; null: it does not answer. */
  readonly indexed: number | null;
  /** Documents that were written, of all runs together. */
  readonly written: number;
  readonly refused: number;
  /** The last ones. */
  readonly lastRefused: readonly (IndexState['refused'][string] & { readonly id: string })[];
  readonly error: IndexState['error'];
}

/** Refusals in a status at the most. */
const MAX_SHOWN = 10;

/** How far everything is, `now` in UNIX ms. */
export async function statusOf(config: SyncConfig, now: number): Promise<SyncStatus> {
  const pairs: PairStatus[] = [];
  for (const { name } of config.pairs) {
    const { point, runs, work, refused, error } = await loadState(config.state, name);
    const all = { ...refused, ...(await loadRebuilt(config.state, name)) };
    pairs.push({ name, lag: lagOf(point, now), runs, work, ...shown(all), error });
  }
  return { process: await runningProcess(pidFile(config)), pairs, own: await ownStatus(config, now) };
}

async function ownStatus({ own, state, search }: SyncConfig, now: number): Promise<OwnStatus[]> {
  if (!own) return [];
  const indexed = await countOwn(search, own.prefix);
  return keptStates(await loadOwnState(state), own).map(([name, { point, written, refused, error }]) => ({
    name,
    lag: lagOf(point, now),
    indexed: indexed?.[name] ?? null,
    written,
    ...shown(refused),
    error,
  }));
}

function lagOf(point: number | null, now: number): number | null {
  return point === null ? null : Math.max(0, now - point);
}

function shown<T extends object>(refused: Readonly<Record<string, T>>) {
  const entries = Object.entries(refused).map(([id, entry]) => ({ id, ...entry }));
  return { refused: entries.length, lastRefused: entries.slice(-MAX_SHOWN).reverse() };
}

function rotate(file: string): void {
  try {
    if (statSync(file).size > MAX_LOG) renameSync(file, `${file}.1`);
  } catch {
    // There is none yet.
  }
}
