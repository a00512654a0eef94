import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

/** What a clone of the project holds: what git knows, as it stands. */
function cloneOfTheProject(): string {
  const place = mkdtempSync(join(tmpdir(), 'm2mp-clone-'));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: root });
  for (const file of files.toString().split('\0').filter(Boolean))
    cpSync(join(root, file), join(place, file), { recursive: true, filter: (from) => dirname(from) !== '.git' });
  return place;
}

it('from a clone, the two commands of the README start a gateway, and the line it prints sends a device', async () => {
  const clone = cloneOfTheProject();
  const ports = { M2MP_M2MP_PORT: '0', M2MP_ALIP_PORT: '0', M2MP_HTTP_PORT: '0' };
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(M2MP_|VITEST|NODE_ENV)/.test(name)),
  );
  const commands = /^npm install && npm start$/m.exec(readFileSync(join(root, 'README.md'), 'utf8'))?.[0] ?? '';
  const shell = spawn('sh', ['-c', commands], {
    cwd: clone,
    env: { ...own, ...ports },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(shell, 'exit');
  try {
    const said: string[] = [];
    const simulate = await new Promise<string>((resolve, reject) => {
      createInterface(shell.stdout).on('line', (line) => {
        said.push(line);
        const found = /npx m2mp simulate [a-z0-9 .:-]+/.exec(line);
        if (found) resolve(found[0]);
      });
      ended.then(([code]) => reject(new Error(`it ended with ${code}:\n${said.join('\n')}`)));
    });
    const output = said.join('\n');
    for (const what of ['M2MP ', 'ALIP ', 'HTTP ', 'admin.token']) expect(output).toContain(what);
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? '';
    execFileSync('sh', ['-c', `${simulate} --duration 2s`], { cwd: clone, env: own, stdio: 'pipe' });
    // npx makes it so itself only when it sees a directory for the first time.
    expect(statSync(join(clone, 'dist/src/cli/main.js')).mode & 0o111).toBe(0o111);
    const devices = execFileSync('npx', ['m2mp', 'devices', '--json', '--url', url], { cwd: clone, env: own });
    expect(devices.toString()).toMatch(/"ident":\s*"/);
  } finally {
    if (shell.pid !== undefined && shell.exitCode === null) process.kill(-shell.pid, 'SIGTERM');
    await ended;
    rmSync(clone, { recursive: true, force: true });
  }
}, 240_000);
