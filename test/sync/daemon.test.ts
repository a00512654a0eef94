import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PairStatus, statusOf } from '../../src/sync/control.js';
import { environment, m2mp, PROGRAM } from '../cli/program.js';
import { SERVICE_TIMEOUT, sharedOpenSearch, skipWithout } from '../services/services.js';
import { newId, openTwoSides, type TwoSides } from './two-sides.js';

describe.skipIf(skipWithout('cassandra', 'opensearch'))('the daemon', () => {
  let sides: TwoSides;
  let file: string;
  let door: Door;
  let clock = 0;
  let changes = 0;
  const ids = Array.from({ length: 12 }, newId);
  const verb = (...args: string[]) => m2mp(['sync', ...args, '--config', file]);

  beforeAll(async () => {
    door = await openDoor((await sharedOpenSearch()).address, 9_200);
    sides = await openTwoSides({ searchUrl: `http://127.0.0.1:${door.port}` });
    file = join(sides.directory, 'sync.yaml');
    await writeFile(file, sides.yaml);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await verb('stop');
    await sides?.remove();
    await door?.close();
  });

  /** One change of each, now or later, and few in a second. */
  async function changeSome(): Promise<void> {
    for (const id of ids) {
      clock = Math.max(clock + 100_000, Date.now() * 1_000);
      const n = ++changes;
      const vehicle = n % 7 === 0 ? null : { plate: `change ${n}`, seats: n % 90, tags: [] };
      // Each is changed on one side, then on the other.
      if ((n + Math.floor(n / ids.length)) % 2 === 0) await sides.changeRow(id, clock, vehicle);
      else await sides.changeDocument(id, clock, vehicle);
    }
  }

  async function expectTheSame(): Promise<void> {
    const [rows, documents] = [await sides.rows(), await sides.documents()];
    expect(documents).toEqual(rows);
    expect(rows.size).toBeGreaterThan(0);
  }

  it('brings both sides together although it is killed again and again', async () => {
    await changeSome();
    for (let kill = 0; kill < 4; kill++) {
      const child = spawn(process.execPath, [PROGRAM, 'sync', 'run', '--config', file], {
        env: environment(),
        stdio: 'ignore',
      });
      // Its runs end after some tens of milliseconds each, so that it is killed in the midst of one or between two.
      await Promise.all([changeSome(), until(async () => (await status()).runs > kill * 2), sleep(137 * kill)]);
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    expect(await verb('run', '--once')).toMatchObject({ code: 0, err: '' });
    await expectTheSame();
  }, 60_000);

  it('is started, asked for, and stopped, one of it for a directory', async () => {
    expect((await verb('start')).out).toMatch(/^started as process \d+\n$/);
    const again = await verb('start');
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('it runs already, as process') });
    const { out, code } = await verb('status');
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringMatching(/it runs as process \d+\nPAIR +LAG S +RUNS/),
    });
    const { runs } = await status();
    await until(async () => (await status()).runs > runs);
    expect(JSON.parse((await verb('status', '--json')).out).pairs[0]).toMatchObject({ name: 'vehicles', error: null });
    expect((await verb('restart')).code).toBe(0);
    expect((await verb('stop')).out).toMatch(/^process \d+ ended\n$/);
    const log = await readFile(join(sides.directory, 'state', 'sync.log'), 'utf8');
    expect(log.match(/m2mp sync is ready/g)).toHaveLength(2);
  }, 60_000);

  it('waits while one side is away, says so, and catches up', async () => {
    await verb('start');
    const { runs } = await status();
    await until(async () => (await status()).runs > runs);
    door.shut();
    await changeSome();
    await until(async () => (await status()).error !== null);
    expect((await status()).error?.why).toContain('search: ');
    const lag = (await status()).lag ?? 0;
    await until(async () => ((await status()).lag ?? 0) > lag);
    door.open();
    await until(async () => (await status()).error === null);
    await verb('stop');
    await verb('run', '--once');
    await expectTheSame();
  }, 60_000);

  it('tells systemd that it is ready, and that it ends', async () => {
    const program = join(sides.directory, 'systemd-notify');
    const told = join(sides.directory, 'told');
    await writeFile(program, `#!/bin/sh\necho "$@" >> ${told}\n`);
    await chmod(program, 0o755);
    const PATH = `${sides.directory}${delimiter}${process.env['PATH']}`;
    const env = environment({ PATH, NOTIFY_SOCKET: '/run/systemd/notify' });
    const child = spawn(process.execPath, [PROGRAM, 'sync', 'run', '--config', file], { env, stdio: 'ignore' });
    const ended = once(child, 'exit');
    await until(async () => (await readFile(told, 'utf8').catch(() => '')).includes('READY=1'));
    child.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(await readFile(told, 'utf8')).toBe(`--pid=${pid(child)} READY=1\n--pid=${pid(child)} STOPPING=1\n`);
  }, 30_000);

  it('says what is wrong with its configuration, and ends', async () => {
    await writeFile(`${file}.wrong`, sides.yaml.replace('interval: 0.05', 'interval: -1'));
    const { code, err } = await m2mp(['sync', 'run', '--config', `${file}.wrong`]);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining('interval: -1 is not valid') });
    expect((await m2mp(['sync', 'status', '--config', '/nonexistent.yaml'])).code).toBe(2);
  });

  async function status(): Promise<PairStatus> {
    const [pair] = (await statusOf(sides.config, Date.now())).pairs;
    return pair!;
  }
});

/** A way to a server that can be shut. */
interface Door {
  readonly port: number;
  shut(): void;
  open(): void;
  close(): Promise<void>;
}

async function openDoor(host: string, port: number): Promise<Door> {
  const sockets = new Set<Socket>();
  let isOpen = true;
  const server = createServer((socket) => {
    if (!isOpen) return socket.destroy();
    const inner = connect(port, host);
    for (const [one, other] of [[socket, inner] as const, [inner, socket] as const]) {
      sockets.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          sockets.delete(one);
          other.destroy();
        });
    }
    socket.pipe(inner).pipe(socket);
    return undefined;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  const shut = () => {
    isOpen = false;
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    shut,
    open() {
      isOpen = true;
    },
    async close() {
      shut();
      await once(server.close(), 'close');
    },
  };
}

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what())) await sleep(50);
}

function pid(child: ChildProcess): number {
  return child.pid ?? 0;
}
