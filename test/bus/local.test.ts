import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/bus/bus.js';
import { createLocalBus, MAX_AT_ONCE } from '../../src/bus/local.js';
import { until } from '../until.js';
import { busSuite, message } from './bus-suite.js';

describe('inside one process', () =>
  busSuite(async () => {
    const troubles: string[] = [];
    const bus = createLocalBus({ againAfter: 20, onTrouble: (why) => troubles.push(why) });
    return { publisher: bus, listener: bus, troubles, close: () => bus.close() };
  }));

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function settled(): Promise<void> {
  for (let n = 0; n < 20; n++) await turn();
}

it('every channel of a topic gets each message, in order, and not in the turn of publishing', async () => {
  const bus = createLocalBus();
  const heard: Record<string, unknown[]> = { a: [], b: [] };
  for (const channel of ['a', 'b']) bus.subscribe('events', channel, (told) => void heard[channel]?.push(told['n']));
  expect(bus.listeners('events')).toBe(2);
  for (let n = 0; n < 5; n++) expect(bus.publish('events', message(n))).toBe(true);
  expect(heard).toEqual({ a: [], b: [] });
  await settled();
  expect(heard).toEqual({ a: [0, 1, 2, 3, 4], b: [0, 1, 2, 3, 4] });
  expect(bus.counts).toMatchObject({ published: 5, delivered: 10 });
});

it('the listeners of one channel share its messages', async () => {
  const bus = createLocalBus();
  const heard: string[] = [];
  bus.subscribe('storage', 'shared', ({ n }) => void heard.push(`first ${n}`));
  bus.subscribe('storage', 'shared', ({ n }) => void heard.push(`second ${n}`));
  expect(bus.listeners('storage')).toBe(1);
  for (let n = 0; n < 4; n++) bus.publish('storage', message(n));
  await settled();
  expect(heard).toEqual(['first 0', 'second 1', 'first 2', 'second 3']);
});

it('who ended listening hears nothing more, and is no listener', async () => {
  const bus = createLocalBus();
  const heard: unknown[] = [];
  const end = bus.subscribe('events', 'a', ({ n }) => void heard.push(n));
  bus.publish('events', message(1));
  end();
  end();
  await settled();
  expect(heard).toEqual([]);
  expect(bus.listeners('events')).toBe(0);
  bus.subscribe('events', 'a', ({ n }) => void heard.push(n));
  bus.publish('events', message(2));
  await settled();
  expect(heard).toEqual([2]);
});

it('a channel whose listener is slow drops what is over its bound; the others get it', async () => {
  const bus = createLocalBus({ maxWaiting: 3 });
  let release = () => {};
  const slow: unknown[] = [];
  const quick: unknown[] = [];
  const stuck = new Promise<void>((resolve) => (release = resolve));
  bus.subscribe('events', 'slow', ({ n }) => {
    slow.push(n);
    return stuck;
  });
  bus.subscribe('events', 'quick', ({ n }) => void quick.push(n));
  for (let n = 0; n < 8; n++) {
    expect(bus.publish('events', message(n))).toBe(n < 3);
    await settled();
  }
  expect(quick).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(slow).toEqual([0]);
  release();
  await settled();
  expect(slow).toEqual([0, 1, 2]);
  expect(bus.counts.dropped).toBe(5);
  expect(bus.publish('events', message(8))).toBe(true);
});

it('a shared channel handles so many at a time, and the others when these end', async () => {
  const bus = createLocalBus();
  const ends: (() => void)[] = [];
  bus.subscribe('storage', 'shared', () => new Promise<void>((resolve) => ends.push(resolve)), { shared: true });
  for (let n = 0; n < MAX_AT_ONCE + 50; n++) bus.publish('storage', message(n));
  await settled();
  expect(ends).toHaveLength(MAX_AT_ONCE);
  for (const end of ends.splice(0)) end();
  await until('the others are handled', () => ends.length === 50);
  for (const end of ends) end();
  await until('all are done', () => bus.counts.delivered === MAX_AT_ONCE + 50);
});

it('an address is a topic, perhaps a channel, and parameters', () => {
  expect(parseAddress('receivers/m2mp_host1;connection_id=12;device_id=a=b;flag')).toEqual({
    topic: 'receivers',
    channel: 'm2mp_host1',
    parameters: new Map([
      ['connection_id', '12'],
      ['device_id', 'a=b'],
      ['flag', ''],
    ]),
  });
  expect(parseAddress('events')).toEqual({ topic: 'events', channel: null, parameters: new Map() });
});

it('closing waits for the handlers under way, and nothing is taken after it', async () => {
  const bus = createLocalBus();
  let end = () => {};
  bus.subscribe('storage', 'shared', () => new Promise<void>((resolve) => (end = resolve)), { shared: true });
  bus.publish('storage', message(1));
  await settled();
  let closed = false;
  const closing = bus.close().then(() => (closed = true));
  expect(bus.publish('storage', message(2))).toBe(false);
  await settled();
  expect(closed).toBe(false);
  end();
  await closing;
  expect(bus.counts).toMatchObject({ published: 1, delivered: 1 });
});

it('closing gives up on a handler that does not end, and on what would come again', async () => {
  const bus = createLocalBus({ closeWithin: 20 });
  bus.subscribe('storage', 'shared', () => new Promise<void>(() => {}), { shared: true });
  bus.subscribe('storage', 'again', () => Promise.reject(new Error('not now')), { shared: true });
  bus.publish('storage', message(1));
  await settled();
  await bus.close();
  expect(bus.counts).toMatchObject({ delivered: 0, failed: 1 });
});
