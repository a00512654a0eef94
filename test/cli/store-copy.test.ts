import { spawn } from 'node:child_process';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { bar, showProgress } from '../../src/cli/progress.js';
import { storeAddress } from '../../src/cli/store-address.js';
import { loadConfig } from '../../src/config/load.js';
import { derivedTimeUuid } from '../../src/series/time-uuid.js';
import { runCopy } from '../../src/store/copy/copy.js';
import { beginning, readState } from '../../src/store/copy/state.js';
import { openStore } from '../../src/store/open.js';
import { NODE_CREATED, type Store, type Write } from '../../src/store/store.js';
import { environment, m2mp, PROGRAM } from './program.js';

const NOW = Date.now();
const DEVICES = 60;
const READINGS = 1_500;

let folder: string;
let from: string;
let to: string;
let state: string;
const copy = (...more: string[]) => [
  ...['store', 'copy', '--from', `lmdb:${from}`, '--to', `lmdb:${to}`, '--state', state],
  ...more,
];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2mp-store-copy-'));
  [from, to, state] = [join(folder, 'from'), join(folder, 'to'), join(folder, 'state.json')];
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function withStore<T>(directory: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ directory, mapSize: 1 << 30 });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}

function reading(device: number, n: number): Write {
  const time = derivedTimeUuid(NOW - n * 60_000, 't', String(n));
  const [id, data] = [`dev-${device}`, JSON.stringify({ n, text: 'x'.repeat(60) })];
  return { write: 'reading', id, type: 't', period: '2026-11', time, data, received: NOW, expires: 0 };
}

function deviceRows(device: number, readings: number): Write[] {
  const path = `/device/dev-${device}/`;
  return [
    { write: 'status', path, status: NODE_CREATED },
    { write: 'value', path, name: 'ident', value: `imei:${device}` },
    { write: 'child', path: '/device/', name: `dev-${device}` },
    ...Array.from({ length: readings }, (_, n) => reading(device, n)),
  ];
}

it('a copy that is killed again and again goes on where it was, and ends with the same data', async () => {
  await withStore(from, async (store) => {
    for (let device = 0; device < DEVICES; device++) await store.write(deviceRows(device, READINGS));
  });
  let kills = 0;
  let wentOn = 0;
  for (let code: number | null = null; code === null; ) {
    if (existsSync(state)) wentOn++;
    const child = spawn(process.execPath, [PROGRAM, ...copy()], {
      cwd: folder,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (data) => {
      err += String(data);
    });
    // Once the state has moved on a few times since it began, at another moment each time.
    let moves = kills < 3 ? 1 + kills : Number.POSITIVE_INFINITY;
    let mark = markOf(state);
    const watch = setInterval(() => {
      const now = markOf(state);
      if (now === mark) return;
      mark = now;
      if (moves-- <= 0) child.kill('SIGKILL');
    }, 5);
    code = await new Promise<number | null>((resolve) => child.on('exit', resolve));
    clearInterval(watch);
    if (code === null) kills++;
    else expect({ code, err }).toMatchObject({ code: 0 });
  }
  expect(kills).toBeGreaterThan(0);
  expect(wentOn).toBe(kills);
  expect(existsSync(state)).toBe(false);
  await withStore(from, (source) =>
    withStore(to, async (target) => {
      const found = beginning('verify', 'a', 'b');
      await runCopy({ source, target, state: found, save: () => {} });
      expect(found.differences).toEqual({ count: 0, first: [] });
      expect(found.verifiedReadings).toBe(DEVICES * READINGS);
    }),
  );
}, 120_000);

function markOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? 0;
}

it('says what it copied, and what differs, by exit code and list', async () => {
  await withStore(from, (store) => store.write([...deviceRows(1, 20), ...deviceRows(2, 20)]));
  const first = await m2mp(copy());
  expect(first).toMatchObject({ code: 0 });
  expect(first.out).toContain('copied    40 readings, 2 nodes, 2 children, 0 blocks of files');
  expect(first.out).toContain('compared  40 readings of 2 series, 2 nodes: no differences');
  expect(first.err).toMatch(/done: 100 %/);

  expect(await m2mp(copy('--verify'))).toMatchObject({ code: 0 });
  await withStore(to, (store) =>
    store.write([{ write: 'value', path: '/device/dev-1/', name: 'ident', value: 'other' }, reading(2, 99)]),
  );
  const differs = await m2mp(copy('--verify'));
  expect(differs.code).toBe(1);
  expect(differs.out).toContain('2 differences');
  expect(differs.out).toContain('node "/device/dev-1/": 1 of 1 values differ, such as "ident"');
  expect(differs.out).toContain('series "dev-2", 2026-11: "t" in the source and in the target: 20 and 21 readings');
  expect(differs.err).toContain(`lmdb:${to} is not as lmdb:${from}`);

  // Nothing is taken away from the target.
  const again = await m2mp(copy('--overwrite'));
  expect(again.code).toBe(1);
  expect(again.out).toContain('1 differences');
  expect(existsSync(state)).toBe(false);
}, 60_000);

it('refuses what would mix or lose data, and says what to do', async () => {
  await withStore(from, (store) => store.write(deviceRows(1, 1)));
  await withStore(to, (store) => store.write(deviceRows(2, 1)));
  const nowhere = join(folder, 'nowhere');
  const refusals: readonly [string[], number, string][] = [
    [copy(), 1, 'holds something already'],
    [['store', 'copy', '--from', `lmdb:${nowhere}`, '--to', `lmdb:${to}`], 1, `no data in lmdb:${nowhere}`],
    [['store', 'copy', '--from', `lmdb:${to}`, '--to', `lmdb:${to}`], 2, 'are the same'],
  ];
  for (const [args, code, message] of refusals) {
    const run = await m2mp(args);
    expect({ code: run.code, err: run.err }).toEqual({ code, err: expect.stringContaining(message) });
  }
  expect(existsSync(nowhere)).toBe(false);

  writeFileSync(state, JSON.stringify(beforeJson()));
  const other = await m2mp(copy());
  expect(other).toMatchObject({ code: 2 });
  expect(other.err).toContain('is the state of: copy from lmdb:/a to lmdb:/b');
  expect(readState(state)?.from).toBe('lmdb:/a');
  writeFileSync(state, '{');
  expect((await m2mp(copy())).err).toContain('holds no state of a copy');
}, 60_000);

function beforeJson() {
  return { ...beginning('copy', 'lmdb:/a', 'lmdb:/b'), begun: {} };
}

it('stopped by a signal it says how to go on, and goes on', async () => {
  await withStore(from, async (store) => {
    for (let device = 0; device < DEVICES; device++) await store.write(deviceRows(device, READINGS));
  });
  const child = spawn(process.execPath, [PROGRAM, ...copy()], {
    cwd: folder,
    env: environment(),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (data) => {
    err += String(data);
  });
  const watch = setInterval(() => {
    if (markOf(state) === 0) return;
    clearInterval(watch);
    child.kill('SIGTERM');
  }, 5);
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect({ code, err }).toEqual({
    code: 1,
    err: expect.stringContaining('stopped: the same command goes on from here'),
  });
  const { code: after, err: said } = await m2mp(copy());
  expect({ after, said }).toEqual({ after: 0, said: expect.stringContaining('goes on where') });
}, 60_000);

it('a store is named by its kind and place; what is not said is as configured', () => {
  const config = loadConfig([], { file: '', fileRequired: false, env: {}, flags: {} });
  const name = (text: string) => storeAddress('--to', text, config).name;
  expect(name('lmdb:/data')).toBe('lmdb:/data');
  expect(name('cassandra:')).toBe('cassandra:127.0.0.1/m2mp');
  expect(name('cassandra:a,b:9043')).toBe('cassandra:a,b:9043/m2mp');
  expect(name('cassandra:a/fleet')).toBe('cassandra:a/fleet');
  for (const text of ['mysql:x', 'lmdb:', '/data', 'cassandra:a b', 'cassandra:a/F', 'cassandra:a/b/c'])
    expect(() => name(text)).toThrow(`--to: ${JSON.stringify(text)} is not valid, it takes lmdb:DIR or cassandra:`);
});

it('shows a bar on a terminal, and lines elsewhere', () => {
  const standing = { what: 'copy series', done: 250, total: 1_000, more: '9 readings' };
  expect(bar(standing)).toBe('copy series  [######··················]  25 %  250 of 1000, 9 readings');
  expect(bar({ ...standing, done: 0, total: 0 })).toContain('100 %');
  const written: string[] = [];
  const output = { isTTY: true, columns: 40, write: (text: string) => written.push(text) };
  const shown = showProgress({ standing: () => standing, output });
  shown.say('waits');
  shown.end();
  // Cut to the width of the terminal, and taken away in the end.
  expect(written).toEqual([`\r\u001b[Kwaits\n\r\u001b[K${bar(standing).slice(0, 39)}`, '\r\u001b[K']);
  written.length = 0;
  const lines = showProgress({ standing: () => standing, output: { ...output, isTTY: false } });
  lines.end();
  expect(written).toEqual(['copy series: 25 %, 250 of 1000, 9 readings\n']);
});
