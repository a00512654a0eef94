import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { m2mp } from '../../protocols/m2mp/index.js';
import { seriesOf } from '../../src/devices/device.js';
import { derivedId } from '../../src/registry/entity.js';
import { openStore } from '../../src/store/open.js';
import { DeviceOnASocket } from '../gateway/device-on-a-socket.js';
import { type CrashState, crashStates, stepsOf } from './crash-states.js';
import { startGatewayProcess } from './gateway-process.js';
import { randomFrom } from './random.js';
import { canTrace, childOf, parseSystemCalls, type SystemCall } from './system-calls.js';

const STATES = Number(process.env['M2MP_CRASH_STATES'] ?? 1_000);
const BARRIERS = 60;
const READINGS_A_BARRIER = 3;
const IDENT = 'imei:123456789012345';
const FIRST_DATE = Date.UTC(2023, 10, 14);
const CALLS = 'openat,lseek,read,write,writev,pwrite64,pwritev,pwritev2,ftruncate,fdatasync,fsync,sendto,sendmsg';
const haveStrace = canTrace();
const whenTraceable = it.skipIf(!haveStrace && !process.env['M2MP_TEST_ALL']);

let calls: SystemCall[] = [];
beforeAll(async () => {
  if (!haveStrace) return;
  // The machine has not been started anew in truth, so LMDB is told not to trust what was never synced.
  process.env['LMDB_RESTORE'] = 'safe';
  const data = await mkdtemp(join(tmpdir(), 'm2mp-power-'));
  const log = join(data, 'strace.log');
  const strace = ['strace', '-f', '-yy', '-x', '-s', '4000000', '-e', `trace=${CALLS}`, '-o', log];
  const gateway = await startGatewayProcess(data, [], strace);
  const device = await DeviceOnASocket.identified(m2mp, gateway.ports.get('m2mp') ?? 0, IDENT);
  for (let barrier = 0; barrier < BARRIERS; barrier++) {
    for (let n = 0; n < READINGS_A_BARRIER; n++) {
      const number = barrier * READINGS_A_BARRIER + n;
      device.send(device.side.reading('sen:temp', `v${number}`, FIRST_DATE + number * 1_000));
    }
    await device.barrier(barrier);
  }
  device.end();
  process.kill(childOf(gateway.process.pid ?? 0), 'SIGTERM');
  await gateway.ended;
  calls = parseSystemCalls(await readFile(log, 'utf8'));
  await rm(data, { recursive: true });
}, 120_000);

const isAnswer = ({ descriptor, text }: SystemCall) =>
  descriptor.includes('TCP') && /^write\(.*"\\x02\\x[0-9a-f]{2}", 2\)/.test(text);

whenTraceable('the log has every write of the database: the map is never written to', () => {
  const steps = stepsOf(calls, isAnswer);
  expect(steps.filter(({ step }) => step === 'acknowledge')).toHaveLength(BARRIERS);
  expect(steps.filter(({ step }) => step === 'sync').length).toBeGreaterThanOrEqual(BARRIERS);
  expect(calls.some(({ name, text }) => name === 'openat' && text.includes('data.mdb'))).toBe(true);
});

whenTraceable(
  `whatever the disk holds when the power goes, all that was acknowledged is there, once (${STATES} states)`,
  async () => {
    const seed = Number(process.env['M2MP_SEED'] ?? Date.now() % 2 ** 31);
    const found = await examine(stepsOf(calls, isAnswer), STATES, randomFrom(seed));
    expect(found.states).toBe(STATES);
    expect(found.broken, `again by: M2MP_SEED=${seed} M2MP_CRASH_STATES=${STATES}`).toEqual([]);
  },
  1_200_000,
);

whenTraceable(
  'answers that leave when the reading has arrived are caught',
  async () => {
    const isRequest = ({ name, descriptor, text }: SystemCall) =>
      name === 'read' && descriptor.includes('TCP') && /\\x02\\x[0-9a-f]{2}", \d+\)/.test(text);
    const found = await examine(stepsOf(calls, isRequest), 300, randomFrom(1));
    expect(found.broken.length).toBeGreaterThan(0);
  },
  240_000,
);

/** Opens so many states, spread over the log, and says which of them lack or double something. */
async function examine(steps: ReturnType<typeof stepsOf>, wanted: number, random: () => number) {
  const place = mkdtempSync(join('/dev/shm', 'm2mp-states-'));
  const broken: string[] = [];
  let states = 0;
  try {
    for (let each = 1; states < wanted; each *= 2) {
      for (const state of crashStates(steps, each, random)) {
        if (states === wanted) break;
        states++;
        const wrong = await whatIsWrong(state, join(place, String(states)));
        if (wrong) broken.push(`${state.what}, ${state.acknowledged} acknowledged: ${wrong}`);
      }
    }
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
  return { states, broken: broken.slice(0, 10) };
}

async function whatIsWrong({ file, acknowledged }: CrashState, directory: string): Promise<string | null> {
  mkdirSync(directory);
  writeFileSync(join(directory, 'data.mdb'), file);
  try {
    const store = await openStore({ directory, mapSize: 1 << 28 });
    try {
      const found = new Map<string, number>();
      const id = seriesOf(derivedId(IDENT));
      const query = { id, type: 'sen:temp', period: '2023-11', from: undefined, to: undefined } as const;
      for await (const { data } of store.rows({ ...query, order: 'oldest' }))
        found.set(data, (found.get(data) ?? 0) + 1);
      const due = Array.from({ length: acknowledged * READINGS_A_BARRIER }, (_, number) => `"v${number}"`);
      const lost = due.filter((data) => !found.has(data));
      const doubled = [...found].filter(([, times]) => times > 1);
      if (lost.length + doubled.length > 0) return `lost ${lost.length}, doubled ${doubled.length}`;
      return null;
    } finally {
      await store.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
