/** The built program, run as a person runs it. */
import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';

/** The file to run with Node.js. */
export const PROGRAM = new URL('../../dist/src/cli/main.js', import.meta.url).pathname;

/** The environment for a program: the variables that are meant for the tests are none of its options. */
export function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('M2MP_'));
  return { ...Object.fromEntries(own), ...more };
}

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `m2mp` with arguments, away from any configuration file; resolves when it has ended. */
export function m2mp(args: readonly string[], { stdin = '', env = {} as Record<string, string> } = {}): Promise<Run> {
  return new Promise((resolve) => {
    const options = { cwd: tmpdir(), env: environment(env), timeout: 30_000 };
    const child = execFile(process.execPath, [PROGRAM, ...args], options, (error, out, err) =>
      resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
    child.stdin?.end(stdin);
  });
}
