import { expect, it } from 'vitest';
import { Refusal } from '../../src/devices/refusal.js';
import { createTurns } from '../../src/devices/turns.js';

const later = () => new Promise<void>((resolve) => setImmediate(resolve));

it('tasks of one key run one after the other, in the order of asking', async () => {
  const turns = createTurns();
  let value = 0;
  const addOne = async () => {
    const before = value;
    await later();
    value = before + 1;
    return value;
  };
  const results = await Promise.all(Array.from({ length: 20 }, () => turns('a', addOne)));
  expect(results).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

it('tasks of different keys do not wait for each other', async () => {
  const turns = createTurns();
  let release = () => {};
  const stuck = turns('a', () => new Promise<void>((resolve) => (release = resolve)));
  await expect(turns('b', async () => 'done')).resolves.toBe('done');
  release();
  await stuck;
});

it('a task that fails fails alone', async () => {
  const turns = createTurns();
  const failed = turns('a', () => Promise.reject(new Error('lost')));
  const next = turns('a', async () => 'done');
  await expect(failed).rejects.toThrow('lost');
  await expect(next).resolves.toBe('done');
});

it('more tasks than the bound are refused, and taken again when there is room', async () => {
  const turns = createTurns(2);
  const waiting = [turns('a', later), turns('a', later)];
  await expect(turns('a', later)).rejects.toThrow(Refusal);
  await Promise.all(waiting);
  await expect(turns('a', later)).resolves.toBeUndefined();
});
