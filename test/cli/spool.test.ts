import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkSpools } from '../../src/open-spool.js';
import { openSpool } from '../../src/spool/spool.js';
import { numbers, readingOf } from '../spool/readings.js';
import { m2mp } from './program.js';

let data: string;
beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'm2mp-spool-'));
});
afterEach(() => rm(data, { recursive: true }));

const open = () =>
  openSpool({ directory: join(data, 'spool'), maxBytes: 16 << 20, now: () => Date.now() - 60_000, onTorn: () => {} });
const status = async () => JSON.parse((await m2mp(['spool', 'status', '--data', data, '--json'])).out);

it('says what waits in the spool: when there is none, while a gateway has it, and afterwards', async () => {
  expect(await status()).toEqual({ worker: 1, readings: 0, bytes: 0, segments: 0, oldest: null, torn: 0 });
  const spool = await open();
  await spool.append(numbers(0, 30).map((n) => readingOf(n)));
  expect(await status()).toEqual({ worker: 1, ...spool.depth, torn: 0 });
  await spool.close();
  const { out, code } = await m2mp(['spool', 'status', '--data', data]);
  expect(code).toBe(0);
  expect(out).toMatch(/WORKER +READINGS +BYTES +SEGMENTS +OLDEST +AGE\n1 +30 +\d+ +1 +\d{4}-\S+Z +\d+ s\n/);
});

it('the embedded store refuses the spool, and one that another store left behind', async () => {
  const serve = ['serve', '--data', data, '--http-port', '-1', '--m2mp-port', '-1', '--alip-port', '-1'];
  const refused = await m2mp([...serve, '--durable', 'spool']);
  expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('durable: spool is for store: cassandra') });
  const spool = await open();
  await spool.append([readingOf(1)]);
  await spool.close();
  const left = await m2mp(serve);
  expect(left).toMatchObject({ code: 2, err: expect.stringContaining('1 readings for another store') });
});

it('a cluster is not served by fewer workers than those whose readings wait', async () => {
  const spool = await openSpool({
    directory: join(data, 'spool-3'),
    maxBytes: 16 << 20,
    now: () => 1_000,
    onTorn: () => {},
  });
  await spool.append([readingOf(1)]);
  await spool.close();
  const config = { store: 'cassandra', durable: 'store', data } as const;
  await expect(checkSpools({ ...config, workers: 2 })).rejects.toThrow(
    'spool-3 holds 1 readings of worker 3, which were acknowledged: start with workers: 3 once',
  );
  await checkSpools({ ...config, workers: 3 });
});
