/** The programs a benchmark runs, each a process of its own: gateways, yardsticks, and the load. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { LoadResult } from './load.js';

export interface Program {
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends the program and removes its data. */
  stop(): Promise<void>;
}

const built = (path: string) => new URL(path, import.meta.url).pathname;

/** The gateway, as `m2mp serve` starts it. */
export function startGateway(flags: readonly string[] = []): Promise<Program> {
  return start((directory) => ({
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
  }));
}

/** The least a durable gateway can do. */
export function startLimitGateway(): Promise<Program> {
  return start((directory) => ({ args: [built('yardsticks/limit-gateway.js'), directory], portOf: (line) => line }));
}

/** A server that frames and answers, and stores nothing. */
export function startBareServer(): Promise<Program> {
  return start(() => ({ args: [built('yardsticks/bare-server.js')], portOf: (line) => line }));
}

/** Loads a port from a process of its own. */
export async function load(
  port: number,
  { connections, batch, seconds }: { connections: number; batch: number; seconds: number },
): Promise<LoadResult> {
  const args = [built('load.js'), port, connections, batch, seconds].map(String);
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout);
}

async function start(
  how: (directory: string) => { args: string[]; portOf: (line: string) => string | undefined },
): Promise<Program> {
  const directory = await mkdtemp(join(tmpdir(), 'm2mp-bench-'));
  const { args, portOf } = how(directory);
  // The variables that are meant for the benchmark are none of the gateway's options.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('M2MP_')));
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const found = portOf(line);
      if (found) resolve(Number(found));
    });
    child.once('exit', (code) => reject(new Error(`${args.join(' ')} ended with ${code} before it was ready`)));
  });
  return {
    port,
    process: child,
    async stop() {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
