/** The programs a benchmark runs, each a process of its own: gateways, yardsticks, and the load. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { LoadOrder, LoadProgress, LoadResult } from './load.js';
import type { BatchOrder, BatchResult } from './yardsticks/driver-batches.js';

export interface Program {
  readonly port: number;
  /** Of each protocol, where the program speaks several. */
  readonly ports: ReadonlyMap<string, number>;
  /** Where its data is. */
  readonly directory: string;
  /** Where its API is, or nothing. */
  readonly url: string;
  readonly process: ChildProcess;
  /** Ends the program and removes its data. */
  stop(): Promise<void>;
}

const built = (path: string) => new URL(path, import.meta.url).pathname;

/** The gateway, as `m2mp serve` starts it; over a directory that is kept, where one is given. */
export function startGateway(flags: readonly string[] = [], kept?: string): Promise<Program> {
  return start(kept, (directory) => ({
    args: [
      built('../src/cli/main.js'),
      'serve',
      '--data',
      directory,
      '--host',
      '127.0.0.1',
      '--m2mp-port',
      '0',
      '--alip-port',
      '0',
      '--http-port',
      '0',
      '--log-format',
      'json',
      ...flags,
    ],
    portOf: (line) => /"m2mp":"[^"]*:(\d+)"/.exec(line)?.[1],
    portsOf: (line) =>
      [...line.matchAll(/"([a-z0-9]+)":"[^"/]*:(\d+)"/g)].map(([, name, port]) => [name, Number(port)]),
    httpOf: (line) => /"http":"([^"]*)"/.exec(line)?.[1],
  }));
}

/** The token of a gateway's API. */
export function tokenOf({ directory }: Pick<Program, 'directory'>): string {
  return readFileSync(join(directory, 'admin.token'), 'utf8').trim();
}

/** The least a durable gateway can do. */
export function startLimitGateway(): Promise<Program> {
  return start(undefined, (directory) => ({
    args: [built('yardsticks/limit-gateway.js'), directory],
    portOf: (line) => line,
  }));
}

/** A server that frames and answers, and stores nothing. */
export function startBareServer(): Promise<Program> {
  return start(undefined, () => ({ args: [built('yardsticks/bare-server.js')], portOf: (line) => line }));
}

/** Loads a port from a process of its own, and waits for its end. */
export async function load(order: Partial<LoadOrder> & Pick<LoadOrder, 'port'>): Promise<LoadResult> {
  const { result } = startLoad(order, () => {});
  return await result;
}

/** A load of its own process: `ready` comes with its first progress, `result` at its end. */
export function startLoad(
  order: Partial<LoadOrder> & Pick<LoadOrder, 'port'>,
  onProgress: (progress: LoadProgress) => void,
): { readonly process: ChildProcess; readonly result: Promise<LoadResult> } {
  const whole: LoadOrder = {
    protocol: 'm2mp',
    host: '127.0.0.1',
    first: 0,
    connections: 1,
    batch: 1,
    seconds: 1,
    readings: 0,
    ...order,
  };
  const child = spawn(process.execPath, [built('load.js'), JSON.stringify(whole)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const result = new Promise<LoadResult>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const said: LoadProgress | LoadResult = JSON.parse(line);
      if ('p50' in said) resolve(said);
      else onProgress(said);
    });
    child.once('close', (code, signal) => reject(new Error(`the load ended with ${code ?? signal}`)));
  });
  return { process: child, result };
}

/** Devices that only identify themselves and wait, from a process of their own; resolves when all of them are known. */
export function connectIdle(
  order: Partial<LoadOrder> & Pick<LoadOrder, 'port' | 'connections'>,
): Promise<{ kill(): void }> {
  return new Promise((resolve, reject) => {
    const { process, result } = startLoad({ ...order, batch: 0, seconds: 1e6 }, () => resolve(process));
    result.catch(reject);
  });
}

/** Puts batches into LMDB without any gateway. */
export async function directPuts(
  rowsInBatch: number,
  seconds: number,
): Promise<{ rows: number; seconds: number; p50: number; p99: number }> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-bench-'));
  try {
    const args = [built('yardsticks/direct-puts.js'), directory, String(rowsInBatch), String(seconds)];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    return JSON.parse(stdout);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What the Cassandra driver does by itself, by the ways of the order. */
export async function driverBatches(order: BatchOrder): Promise<BatchResult[]> {
  const args = [built('yardsticks/driver-batches.js'), JSON.stringify(order)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Resident memory of a process and of those it started, in bytes. */
export function residentBytes(child: ChildProcess): number {
  const workers = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').split(' ').filter(Boolean);
  return [child.pid, ...workers].reduce((sum: number, pid) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return sum + Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1_024;
  }, 0);
}

async function start(
  kept: string | undefined,
  how: (directory: string) => {
    args: string[];
    portOf: (line: string) => string | undefined;
    portsOf?: (line: string) => (readonly [name: string | undefined, port: number])[];
    httpOf?: (line: string) => string | undefined;
  },
): Promise<Program> {
  const directory = kept ?? (await mkdtemp(join(tmpdir(), 'm2mp-bench-')));
  const { args, portOf, portsOf = () => [], httpOf = () => undefined } = how(directory);
  let url = '';
  const ports = new Map<string, number>();
  // The variables that are meant for the benchmark are none of the gateway's options.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('M2MP_')));
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = portOf(line);
      url ||= httpOf(line) ?? '';
      if (found) for (const [name = '', port] of portsOf(line)) ports.set(name, port);
      if (found) resolve(Number(found));
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code} before it was ready`)));
  });
  return {
    port,
    ports,
    directory,
    url,
    process: child,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      if (kept === undefined) await rm(directory, { recursive: true, force: true });
    },
  };
}
