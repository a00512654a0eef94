import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { segmentFile } from '../../src/spool/directory.js';
import { openSpool } from '../../src/spool/spool.js';
import { crashStates, stepsOf } from '../durability/crash-states.js';
import { randomFrom } from '../durability/random.js';
import { canTrace, parseSystemCalls, type SystemCall } from '../durability/system-calls.js';
import { numberOf, numbers } from './readings.js';

const STATES = Number(process.env['M2MP_CRASH_STATES'] ?? 600);
const APPENDS = 40;
const READINGS = 12;
const CALLS = 'openat,lseek,write,writev,pwrite64,pwritev,pwritev2,ftruncate,fdatasync,fsync';
const SEGMENT = '.seg';
const haveStrace = canTrace();
const whenTraceable = it.skipIf(!haveStrace && !process.env['M2MP_TEST_ALL']);

let root: string;
let calls: SystemCall[] = [];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'm2mp-spool-power-'));
  if (!haveStrace) return;
  const log = join(root, 'strace.log');
  const program = new URL('spooling-program.mjs', import.meta.url).pathname;
  const strace = ['-f', '-yy', '-x', '-s', '4000000', '-e', `trace=${CALLS}`, '-o', log];
  const spooling = [process.execPath, program, join(root, 'spool'), `${APPENDS}`, `${READINGS}`];
  await promisify(execFile)('strace', [...strace, ...spooling]);
  calls = parseSystemCalls(await readFile(log, 'utf8'));
}, 120_000);
afterAll(() => rm(root, { recursive: true }));

const isAnswer = ({ name, text }: SystemCall) => name === 'write' && /^write\(1<.*"kept", 4\)/.test(text);
const isSegment = ({ descriptor }: SystemCall) => descriptor.includes(SEGMENT);

whenTraceable('the name of a segment is synced before anything in it is told to be kept', () => {
  const first = calls.find(isAnswer);
  const made = calls.find(({ name, text }) => name === 'openat' && text.includes(SEGMENT) && text.includes('O_CREAT'));
  const synced = calls.find(
    (call) => call.name === 'fdatasync' && /spool>/.test(call.descriptor) && call.began > (made?.returned ?? 0),
  );
  expect(calls.filter(isAnswer)).toHaveLength(APPENDS);
  expect(synced?.returned).toBeLessThan(first?.began ?? 0);
});

whenTraceable(
  `whatever the disk holds when the power goes, all that was told to be kept is read again (${STATES} states)`,
  async () => {
    const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
    const broken = await examine(calls, STATES, randomFrom(seed));
    expect(broken, `again by: M2MP_SEED=${seed} M2MP_CRASH_STATES=${STATES}`).toEqual([]);
  },
  600_000,
);

whenTraceable('what is told to be kept before it is synced is caught', async () => {
  const unsynced = calls.filter((call) => !(isSegment(call) && call.name === 'fdatasync'));
  expect((await examine(unsynced, 100, randomFrom(1))).length).toBeGreaterThan(0);
});

/** Opens what may be left at each step; gives a sentence for each state that lost something. */
async function examine(log: readonly SystemCall[], most: number, random: () => number): Promise<string[]> {
  const steps = stepsOf(log, isAnswer, SEGMENT);
  const broken: string[] = [];
  let states = 0;
  for (const { what, file, acknowledged } of crashStates(steps, Math.ceil(most / APPENDS), random)) {
    if (states === most) break;
    states++;
    const directory = join(root, `state${states}`);
    await mkdir(directory);
    await writeFile(segmentFile(directory, 1), file);
    const spool = await openSpool({ directory, maxBytes: 1 << 30, now: Date.now, onTorn: () => {} });
    const found: number[] = [];
    for (let record = await spool.read(); record; record = await spool.read())
      found.push(...record.readings.map(numberOf));
    await spool.close();
    await rm(directory, { recursive: true });
    const kept = numbers(0, acknowledged * READINGS);
    if (found.slice(0, kept.length).join() !== kept.join() || found.some((n, at) => n !== at))
      broken.push(`${what}: ${found.length} readings of ${kept.length}`);
  }
  expect(states).toBe(most);
  return broken;
}
