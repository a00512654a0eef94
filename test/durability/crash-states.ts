/**
 * What a disk may hold when the power goes: rebuilt from a log of system calls. What was synced is there; of what was
 * written since, anything: nothing, all, some of the writes, and sectors of one.
 */
import type { SystemCall } from './system-calls.js';

/** Something of the log that changes the file, makes it durable, or tells a device that it may forget. */
export type Step =
  | { readonly step: 'write'; readonly at: number; readonly bytes: Buffer; readonly synced: boolean }
  | { readonly step: 'truncate'; readonly length: number }
  | { readonly step: 'sync'; readonly began: number }
  | { readonly step: 'acknowledge' };

/** A file as it may be found, and how many answers had left. */
export interface CrashState {
  readonly what: string;
  readonly file: Buffer;
  readonly acknowledged: number;
}

const SECTOR = 512;

/** The steps of a log that change a file, in the order in which they took effect, with the place in the log of each. */
export function stepsOf(
  calls: readonly SystemCall[],
  isAnswer: (call: SystemCall) => boolean,
  file = 'data.mdb',
): (Step & { place: number })[] {
  const steps: (Step & { place: number })[] = [];
  const synchronous = new Set<string>();
  const positions = new Map<string, number>();
  for (const call of calls) {
    const { name, descriptor, text, result, returned: place } = call;
    // Its effect is seen outside from its beginning on.
    if (isAnswer(call)) steps.push({ step: 'acknowledge', place: call.began });
    if (name === 'openat' && text.includes(file) && /O_D?SYNC/.test(text)) synchronous.add(String(result));
    if (!descriptor.includes(file) || result < 0) continue;
    const fd = descriptor.slice(0, descriptor.indexOf('<'));
    if (name === 'lseek') positions.set(fd, result);
    else if (name === 'fdatasync' || name === 'fsync') steps.push({ step: 'sync', began: call.began, place });
    else if (name === 'ftruncate') steps.push({ step: 'truncate', length: Number(/, (\d+)\)/.exec(text)?.[1]), place });
    else if (/^p?writev?(64|2)?$/.test(name)) {
      const bytes = Buffer.concat([...text.matchAll(/"((?:\\.|[^"\\])*)"/g)].map(([, shown = '']) => bytesOf(shown)));
      const at = name === 'writev' || name === 'write' ? (positions.get(fd) ?? 0) : offsetOf(text);
      positions.set(fd, at + result);
      steps.push({ step: 'write', at, bytes: bytes.subarray(0, result), synced: synchronous.has(fd), place });
    }
  }
  return steps.sort((a, b) => a.place - b.place);
}

/** States at every step from the first answer on, `each` of them with a random part of what is not synced. */
export function* crashStates(
  steps: readonly (Step & { place: number })[],
  each: number,
  random: () => number,
): Generator<CrashState> {
  let durable: Buffer = Buffer.alloc(0);
  let unsynced: { readonly at: number; readonly bytes: Buffer; readonly place: number }[] = [];
  let acknowledged = 0;
  for (const step of steps) {
    if (step.step === 'acknowledge') acknowledged++;
    else if (step.step === 'truncate') durable = resized(durable, step.length);
    else if (step.step === 'write' && step.synced) durable = written(durable, step.at, step.bytes);
    else if (step.step === 'write') unsynced.push(step);
    else {
      for (const write of unsynced) if (write.place < step.began) durable = written(durable, write.at, write.bytes);
      unsynced = unsynced.filter((write) => write.place >= step.began);
    }
    if (acknowledged === 0) continue;
    const at = `place ${step.place}`;
    yield { what: `${at}: nothing unsynced`, file: durable, acknowledged };
    if (unsynced.length === 0) continue;
    yield {
      what: `${at}: all unsynced`,
      file: unsynced.reduce((file, one) => written(file, one.at, one.bytes), durable),
      acknowledged,
    };
    for (let n = 0; n < each; n++) {
      let file = durable;
      for (const one of unsynced) if (random() < 0.5) file = torn(file, one, random);
      yield { what: `${at}: a part of the unsynced, ${n}`, file, acknowledged };
    }
  }
}

/** A write of which each sector is there or not. */
function torn(file: Buffer, { at, bytes }: { at: number; bytes: Buffer }, random: () => number): Buffer {
  if (random() < 0.5) return written(file, at, bytes);
  let result = file;
  for (let from = 0; from < bytes.length; from += SECTOR)
    if (random() < 0.5) result = written(result, at + from, bytes.subarray(from, from + SECTOR));
  return result;
}

function written(file: Buffer, at: number, bytes: Buffer): Buffer {
  const result = resized(file, Math.max(file.length, at + bytes.length));
  bytes.copy(result, at);
  return result;
}

function resized(file: Buffer, length: number): Buffer {
  const result = Buffer.alloc(length);
  file.copy(result);
  return result;
}

/** What strace shows: all in hexadecimal where something is no text, else as it is written in C. */
function bytesOf(shown: string): Buffer {
  if (/^(\\x[0-9a-f]{2})*$/.test(shown)) return Buffer.from(shown.replaceAll('\\x', ''), 'hex');
  const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };
  return Buffer.from(
    shown.replace(/\\(.)/g, (_, char: string) => escapes[char] ?? char),
    'latin1',
  );
}

/** The last argument, but for the flags of `pwritev2`. */
function offsetOf(text: string): number {
  const pattern = text.startsWith('pwritev2') ? /, (\d+), \w+\)\s+= \d+/ : /, (\d+)\)\s+= \d+/;
  return Number(pattern.exec(text)?.[1]);
}
