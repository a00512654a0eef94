/** The built program as a process of its own, which a test may kill. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { protocols } from '../../protocols/list.js';
import { environment } from '../cli/program.js';

export const PROGRAM = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;

export interface GatewayProcess {
  readonly process: ChildProcess;
  readonly ports: ReadonlyMap<string, number>;
  readonly url: string;
  readonly token: string;
  /** Sends a signal and resolves to the exit code (null where a signal ended it). */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Resolves to the exit code when the process has ended. */
  readonly ended: Promise<number | null>;
  readonly log: string[];
  api<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** The value of a metric without labels. */
  metric(name: string): Promise<number>;
}

/** Starts `m2mp serve` on free ports and waits until it is ready; `wrapper` is a command in front of node. */
export async function startGatewayProcess(
  data: string,
  flags: readonly string[] = [],
  wrapper: readonly string[] = [],
  variables: Readonly<Record<string, string>> = {},
): Promise<GatewayProcess> {
  const serve = [PROGRAM, 'serve', '--data', data, '--host', '127.0.0.1', '--log-format', 'json', '--http-port', '0'];
  const ports = protocols.flatMap(({ name }) => [`--${name}-port`, '0']);
  const command = [...wrapper, process.execPath, ...serve, ...ports, ...flags];
  const env = environment(variables);
  const child = spawn(command[0] ?? process.execPath, command.slice(1), { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const log: string[] = [];
  const ended = once(child, 'exit').then(([code]: (number | null)[]) => code ?? null);
  child.stderr?.on('data', (text: Buffer) => log.push(text.toString()));
  const ready = await new Promise<Record<string, string>>((resolve, reject) => {
    if (child.stdout)
      createInterface(child.stdout).on('line', (line) => {
        if (log.length < 1_000) log.push(line);
        if (line.includes('is ready')) resolve(JSON.parse(line));
      });
    ended.then(() => reject(new Error(`the gateway ended before it was ready:\n${log.join('\n')}`)));
  });
  const portOf = (name: string) => Number(ready[name]?.split(':').at(-1));
  const token = (await readFile(join(data, 'admin.token'), 'utf8')).trim();
  return {
    process: child,
    ports: new Map(protocols.map(({ name }) => [name, portOf(name)])),
    url: ready['http'] ?? '',
    token,
    log,
    ended,
    end(signal) {
      child.kill(signal);
      return ended;
    },
    async metric(name) {
      const response = await fetch(`${ready['http']}/metrics`, { headers: { authorization: `Bearer ${token}` } });
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(await response.text())?.[1]);
    },
    async api<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await fetch(`${ready['http']}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
      // The caller states the shape, as the API documents it.
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
  };
}
