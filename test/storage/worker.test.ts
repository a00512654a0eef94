import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Bus, Message } from '../../src/bus/bus.js';
import { createLocalBus } from '../../src/bus/local.js';
import { createNsqBus } from '../../src/bus/nsq.js';
import { createDurability, throughBarrier } from '../../src/ingest/durability.js';
import { openSeries, type Series } from '../../src/series/series.js';
import { startStorage } from '../../src/storage/worker.js';
import { openStore } from '../../src/store/open.js';
import type { Store, Write } from '../../src/store/store.js';
import { environment, m2mp, PROGRAM } from '../cli/program.js';
import { addressOf, type Nsq, SERVICE_TIMEOUT, skipWithout, startNsq } from '../services/services.js';
import { until } from '../until.js';

const KEY = 'dev-6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'm2mp-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

function storeTs(n: number, fields: Record<string, unknown> = {}): Message {
  const date_nano = `${1_763_640_000 + n}000000000`;
  return {
    _to: 'storage',
    _from: 'test',
    _call: 'store_ts',
    _time: 0,
    key: KEY,
    type: 't',
    data: { n },
    date_nano,
    ...fields,
  };
}

function seriesOver(store: Store): Series {
  return openSeries(store, { period: 'month', ttl: () => 0, now: Date.now, random: Math.random });
}

/** What is stored, in the order of its dates. */
async function stored(store: Store): Promise<number[]> {
  const numbers: number[] = [];
  const query = { id: KEY, order: 'oldest' } as const;
  for await (const { data } of seriesOver(store).read(query)) numbers.push(Number(JSON.parse(data).n));
  return numbers;
}

/** A worker in this process over the real store, whose writes go through `write`. */
async function workerOn(bus: Bus, write: (real: Store, batch: readonly Write[]) => Promise<void>) {
  const real = await openStore({ directory });
  const durability = createDurability({
    store: { ...real, write: (batch) => write(real, batch) },
    maxQueuedWrites: 1_000,
    maxQueuedBytes: 1 << 20,
    maxBatchWrites: 1_000,
    retryAfter: 10,
    onRoom: () => {},
    onTrouble: () => {},
    onFailure: () => {},
    onCommit: () => {},
  });
  const series = seriesOver(throughBarrier(real, durability));
  startStorage({ bus, series, durability, address: 'storage/test', now: Date.now });
  return real;
}

it('stores what is asked for on a bus inside the process, and tells why it cannot', async () => {
  const bus = createLocalBus();
  const failed: Message[] = [];
  bus.subscribe('storage_failed', 'test', (message) => void failed.push(message));
  const store = await workerOn(bus, (real, batch) => real.write(batch));
  for (const n of [1, 2, 3]) bus.publish('storage', storeTs(n));
  bus.publish('storage', storeTs(4, { key: '' }));
  bus.publish('storage', storeTs(5, { date_nano: 'soon' }));
  await until('all are done', () => bus.counts.delivered === 7);
  expect(await stored(store)).toEqual([1, 2, 3]);
  expect(failed.map(({ _call, why, message }) => [_call, why, message])).toEqual([
    ['store_failed', expect.stringContaining('Invalid id of a series: ""'), storeTs(4, { key: '' })],
    ['store_failed', expect.stringContaining('Invalid date_nano: "soon"'), storeTs(5, { date_nano: 'soon' })],
  ]);
  await store.close();
});

describe.skipIf(skipWithout('nsq'))('over NSQ', { timeout: 240_000 }, () => {
  let nsq: Nsq;
  const open: Bus[] = [];
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    nsq = await startNsq('nsq-of-storage', addressOf(203));
  }, SERVICE_TIMEOUT);
  afterAll(() => {
    nsq?.nsqd.stop();
    nsq?.nsqlookupd.stop();
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    await Promise.all(open.splice(0).map((bus) => bus.close()));
    for (const name of ['storage', 'storage_failed'])
      await fetch(`http://${nsq.nsqd.address}:4151/topic/delete?topic=${name}`, { method: 'POST' });
  });

  const address = () => `${nsq.nsqd.address}:4150`;

  function openBus(name: string): Bus {
    const bus = createNsqBus({
      servers: [{ host: nsq.nsqd.address, port: 4150 }],
      lookups: [],
      name,
      now: Date.now,
      random: Math.random,
      closeWithin: 100,
    });
    open.push(bus);
    return bus;
  }

  /** Messages of the channel that nobody finished: those under way, and those that wait. */
  async function unfinished(): Promise<{ underWay: number; waiting: number }> {
    const answer = await fetch(`http://${nsq.nsqd.address}:4151/stats?format=json&topic=storage`);
    const { topics } = (await answer.json()) as { topics: TopicStats[] | null };
    const channel = topics?.[0]?.channels.find(({ channel_name }) => channel_name === 'shared');
    if (!channel) return { underWay: 0, waiting: Number(topics?.[0]?.depth ?? 0) };
    return { underWay: channel.in_flight_count, waiting: channel.depth + channel.deferred_count };
  }

  function startWorker() {
    const args = ['storage', '--nsqd', address(), '--data', directory, '--log-format', 'json'];
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    const ended = once(child, 'exit');
    return {
      ready: new Promise<void>((resolve) => {
        child.stdout.on('data', (text: Buffer) => text.includes('is ready') && resolve());
      }),
      async end(signal: NodeJS.Signals): Promise<void> {
        child.kill(signal);
        await ended;
      },
    };
  }

  it('a message is finished when what it asks for is durable, and not before', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const bus = openBus('worker');
    const store = await workerOn(bus, async (real, batch) => {
      await held;
      await real.write(batch);
    });
    await openBus('publisher').send('storage', storeTs(1));
    await until('it is under way', async () => (await unfinished()).underWay === 1);
    expect(await stored(store)).toEqual([]);
    expect(bus.counts.delivered).toBe(0);
    release();
    await until('it is finished', async () => (await unfinished()).underWay === 0);
    expect(await stored(store)).toEqual([1]);
    await bus.close();
    await store.close();
  });

  it('what a worker has not stored when it ends is for the next one', async () => {
    const stuck = openBus('stuck');
    const store = await workerOn(stuck, () => new Promise(() => {}));
    await openBus('publisher').send('storage', storeTs(1));
    await until('it is under way', async () => (await unfinished()).underWay === 1);
    await stuck.close();
    await store.close();
    const worker = startWorker();
    await worker.ready;
    await until('it is finished', async () => {
      const { underWay, waiting } = await unfinished();
      return underWay + waiting === 0;
    });
    await worker.end('SIGKILL');
    const after = await openStore({ directory });
    expect(await stored(after)).toEqual([1]);
    await after.close();
  });

  it('m2mp storage is killed again and again, and all is stored, once', async () => {
    const publisher = openBus('publisher');
    const numbers = Array.from({ length: 3_000 }, (_, n) => n);
    const sent = Promise.all(numbers.map((n) => publisher.send('storage', storeTs(n))));
    for (const pause of [0, 60]) {
      const worker = startWorker();
      await worker.ready;
      await new Promise((resolve) => setTimeout(resolve, pause));
      await worker.end('SIGKILL');
    }
    await sent;
    const worker = startWorker();
    await until(
      'all is finished',
      async () => {
        const { underWay, waiting } = await unfinished();
        return underWay + waiting === 0;
      },
      60_000,
      100,
    );
    await worker.end('SIGTERM');
    const store = await openStore({ directory });
    expect(await stored(store)).toEqual(numbers);
    await store.close();
  });

  it('poison ends in storage_failed with the reason: seen by m2mp bus tail, put there by m2mp bus publish', async () => {
    const tail = spawn(process.execPath, [PROGRAM, 'bus', 'tail', 'storage_failed', '--nsqd', address()], {
      env: environment(),
    });
    children.push(tail);
    const ended = once(tail, 'exit');
    let out = '';
    tail.stdout.on('data', (text: Buffer) => {
      out += text.toString();
    });
    await until('the tail listens', async () => {
      const url = `http://${nsq.nsqd.address}:4151/stats?format=json&topic=storage_failed`;
      const { topics } = (await (await fetch(url)).json()) as { topics: TopicStats[] | null };
      return topics?.[0]?.channels.length === 1;
    });
    const worker = startWorker();
    await worker.ready;
    const publish = (message: unknown) =>
      m2mp(['bus', 'publish', 'storage', JSON.stringify(message), '--nsqd', address()]);
    const run = await publish({ _call: 'store_ts', key: KEY, type: 't', data: 1 });
    expect([run.code, run.out, run.err]).toEqual([0, '', '']);
    await publish(storeTs(2));
    const url = `http://${nsq.nsqd.address}:4151/pub?topic=storage`;
    await fetch(url, { method: 'POST', body: 'no message' });
    await until('both are told', () => out.trim().split('\n').length === 2);
    const told = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(told.map(({ why }) => why).sort()).toEqual([
      'Malformed message: not JSON',
      'There is no date_uuid and no date_nano',
    ]);
    expect(told.find(({ why }) => why.startsWith('There'))).toMatchObject({
      _to: 'storage_failed',
      _from: expect.stringMatching(/^storage\/m2mp_storage_/),
      _call: 'store_failed',
      message: { _call: 'store_ts', _from: 'cli', _to: 'storage', key: KEY, data: 1 },
    });
    await until('nothing comes again', async () => {
      const { underWay, waiting } = await unfinished();
      return underWay + waiting === 0;
    });
    tail.kill('SIGINT');
    expect(await ended).toEqual([0, null]);
    await worker.end('SIGTERM');
    const store = await openStore({ directory });
    expect(await stored(store)).toEqual([2]);
    await store.close();
  });

  it('m2mp bus says what is wrong with a message or an address', async () => {
    const publish = (json: string, ...flags: string[]) => m2mp(['bus', 'publish', 'storage', json, ...flags]);
    const runs = await Promise.all([publish('no JSON'), publish('{}'), publish('{"_call":"a"}', '--nsqd', 'nowhere')]);
    const told = ['It takes a JSON object', 'Invalid message: no _call', 'HOST:PORT'];
    expect(runs).toEqual(told.map((text) => ({ code: 2, out: '', err: expect.stringContaining(text) })));
  });
});

interface TopicStats {
  readonly depth: number;
  readonly channels: readonly {
    readonly channel_name: string;
    readonly depth: number;
    readonly in_flight_count: number;
    readonly deferred_count: number;
  }[];
}
