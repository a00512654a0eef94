import { expect, it } from 'vitest';
import { type Message, parseAddress } from '../../src/bus/bus.js';
import { createLocalBus } from '../../src/bus/local.js';

const message = (n: number): Message => ({ _to: 'events', _from: 'test', _call: 'told', _time: 0, n });
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

it('a handler that throws or rejects disturbs nobody', async () => {
  const troubles: string[] = [];
  const bus = createLocalBus({ onTrouble: (why) => troubles.push(why) });
  const heard: unknown[] = [];
  bus.subscribe('events', 'throws', () => {
    throw new Error('thrown');
  });
  bus.subscribe('events', 'rejects', () => Promise.reject(new Error('rejected')));
  bus.subscribe('events', 'hears', ({ n }) => void heard.push(n));
  for (const n of [1, 2]) bus.publish('events', message(n));
  await settled();
  expect(heard).toEqual([1, 2]);
  expect(bus.counts.failed).toBe(4);
  expect(troubles.filter((why) => why.includes('thrown'))).toHaveLength(2);
});

it('a message without _to, _from or _call is counted and dropped', async () => {
  const troubles: string[] = [];
  const bus = createLocalBus({ onTrouble: (why) => troubles.push(why) });
  const heard: unknown[] = [];
  bus.subscribe('events', 'a', (told) => void heard.push(told));
  for (const missing of ['_to', '_from', '_call'])
    expect(bus.publish('events', { ...message(1), [missing]: '' })).toBe(false);
  await settled();
  expect(heard).toEqual([]);
  expect(bus.counts).toMatchObject({ malformed: 3, published: 0 });
  expect(troubles[0]).toContain('no _to');
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
