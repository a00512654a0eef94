/**
 * One process a directory. The lock is a file with the holder's process id and the time it was started, so that the
 * lock of a killed process is no lock, not even when its id was given to another one.
 */
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreNotOpened } from './errors.js';

const LOCK_FILE = 'lock.pid';
/** How often a lock that vanishes meanwhile is tried for. */
const MAX_TRIES = 10;
/** Milliseconds after which a lock taken over is looked at again: another process may have taken it over too. */
const TAKE_OVER_MS = 100;

/** Takes the lock and returns what gives it back; throws `StoreNotOpened` `in_use` with the holder's process id. */
export function lockDirectory(directory: string): () => void {
  const file = join(directory, LOCK_FILE);
  const mine = `${process.pid} ${startOf(process.pid) ?? ''}`.trim();
  // Made whole under another name first: a lock that can be seen can be read.
  const draft = `${file}.${process.pid}`;
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    writeFileSync(draft, `${mine}\n`);
    if (linked(draft, file)) {
      rmSync(draft, { force: true });
      return () => release(file, mine);
    }
    const holder = read(file);
    if (holder === undefined) continue;
    if (lives(holder)) {
      rmSync(draft, { force: true });
      throw inUse(directory, holder);
    }
    renameSync(draft, file);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, TAKE_OVER_MS);
    const now = read(file);
    if (now === mine) return () => release(file, mine);
    if (now !== undefined && lives(now)) throw inUse(directory, now);
  }
  throw new StoreNotOpened('in_use', `${file} changes all the time: is another process being started over and over?`);
}

function inUse(directory: string, holder: string): StoreNotOpened {
  const pid = Number.parseInt(holder, 10);
  return new StoreNotOpened(
    'in_use',
    `${directory} is in use by the process ${pid}: stop it, or choose another directory`,
  );
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function release(file: string, mine: string): void {
  if (read(file) === mine) rmSync(file, { force: true });
}

/** Whether the process that wrote `pid start` is still that process. */
function lives(holder: string): boolean {
  const [pid, start] = holder.split(' ');
  const id = Number(pid);
  if (!Number.isInteger(id) || id <= 0) return false;
  try {
    process.kill(id, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
  }
  const startNow = startOf(id);
  return startNow === undefined || start === undefined || startNow === start;
}

/** When a process was started, in ticks since the machine was, where the system tells (Linux). */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything; the 22nd field is the 20th behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
