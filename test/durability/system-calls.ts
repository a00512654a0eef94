/** Reads the log of strace: which system calls began and returned, in order. */
import { execFileSync } from 'node:child_process';

/** One call; `began` and `returned` are places in the log, so that two calls can be compared. */
export interface SystemCall {
  readonly name: string;
  /** Descriptor with what it is, such as `19</data/data.mdb>`. */
  readonly descriptor: string;
  readonly text: string;
  readonly began: number;
  readonly returned: number;
  readonly result: number;
}

/** Calls of a log made by `strace -f -yy`, in the order in which they returned; those that never did are left out. */
export function parseSystemCalls(log: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { text: string; began: number }>();
  log.split('\n').forEach((line, place) => {
    const match = /^(\d+)\s+(.*)$/.exec(line);
    if (!match) return;
    const [, pid = '', rest = ''] = match;
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, { text: rest.slice(0, -'<unfinished ...>'.length), began: place });
      return;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const start = resumed ? unfinished.get(pid) : undefined;
    if (resumed && !start) return;
    unfinished.delete(pid);
    const text = start ? start.text.trimEnd() + (resumed?.[1] ?? '') : rest;
    const call = /^(\w+)\((\d+<(?:[^<>]|<[^>]*>|->)*>)?(.*)\)\s+= (-?\d+)/s.exec(text);
    if (!call) return;
    const [, name = '', descriptor = '', , result = ''] = call;
    calls.push({ name, descriptor, text, began: start?.began ?? place, returned: place, result: Number(result) });
  });
  return calls;
}

/** The process that strace runs: a signal must reach it and not strace, which ends with it. */
export function childOf(pid: number): number {
  return Number(
    execFileSync('pgrep', ['-P', `${pid}`], { encoding: 'utf8' })
      .trim()
      .split('\n')[0],
  );
}

/** Whether strace is here and may trace. */
export function canTrace(): boolean {
  try {
    execFileSync('strace', ['-e', 'trace=none', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
