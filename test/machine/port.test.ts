import { MessageChannel } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { CallFailed, peer, threadPort } from '../../src/machine/port.js';

type Sums = { add: { takes: readonly [number, number]; gives: number } };
type Nothing = Record<never, never>;

let channel: MessageChannel;
const open = () => {
  channel = new MessageChannel();
  return channel;
};
afterEach(() => channel.port1.close());

const addSlowly: { add: (value: readonly [number, number]) => Promise<number> } = {
  async add([a, b]) {
    await new Promise((resolve) => setTimeout(resolve, a));
    if (b < 0) throw new RangeError('no negative numbers');
    return a + b;
  },
};

it('each call gets its own answer, in whatever order they come', async () => {
  const { port1, port2 } = open();
  peer<Nothing, Sums>(threadPort(port2), addSlowly, () => {});
  const asked = peer<Sums, Nothing>(threadPort(port1), {}, () => {});
  expect(await Promise.all([asked.ask('add', [30, 1]), asked.ask('add', [1, 1])])).toEqual([31, 2]);
});

it('a call that fails on the other side fails here, by the name and message it had there', async () => {
  const { port1, port2 } = open();
  peer<Nothing, Sums>(threadPort(port2), addSlowly, () => {});
  const asked = peer<Sums, Nothing>(threadPort(port1), {}, () => {});
  const failure = await asked.ask('add', [1, -1]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CallFailed);
  expect(failure).toMatchObject({ errorName: 'RangeError', message: 'no negative numbers' });
});

it('calls under way fail when the other side is gone, and so do those that come after', async () => {
  const { port1, port2 } = open();
  peer<Nothing, Sums>(threadPort(port2), addSlowly, () => {});
  let closed = 0;
  const asked = peer<Sums, Nothing>(threadPort(port1), {}, () => closed++);
  const underWay = asked.ask('add', [60_000, 1]);
  port2.close();
  await expect(underWay).rejects.toMatchObject({ errorName: 'Gone' });
  await expect(asked.ask('add', [1, 1])).rejects.toMatchObject({ errorName: 'Gone' });
  expect(closed).toBe(1);
});
