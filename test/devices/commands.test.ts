import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_ENDED_COMMANDS } from '../../src/devices/command.js';
import { type CommandState, MAX_WAITING_COMMANDS } from '../../src/devices/commands.js';
import { path } from '../../src/registry/paths.js';
import { type DevicesUnderTest, identified, openDevicesUnderTest, START } from './devices-under-test.js';

const OWN_ID = '11111111-1111-4111-8111-111111111111';
let test: DevicesUnderTest;
let id: string;
beforeEach(async () => {
  test = await openDevicesUnderTest();
  id = await identified(test);
});
afterEach(() => test.remove());

const pendingTexts = async () => (await test.parts.commands.pending(id, test.now)).map(({ text }) => text);

describe('a command', () => {
  it('is queued, sent and done, each with its time, and keeps the response', async () => {
    const { commands } = test.parts;
    const command = await commands.add(id, 'engine stop', {});
    const queued = {
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      text: 'engine stop',
      state: 'queued',
      queued: START,
      sent: null,
      done: null,
      expired: null,
      cancelled: null,
      expires: null,
      response: null,
    };
    expect(command).toEqual(queued);
    test.now += 1_000;
    await commands.sent(id, [command.id]);
    expect(await commands.get(id, command.id)).toEqual({ ...queued, state: 'sent', sent: START + 1_000 });
    expect(await pendingTexts()).toEqual(['engine stop']);
    test.now += 1_000;
    expect(await commands.done(id, command.id, 'ok\nreally')).toBe('done');
    const done = { ...queued, state: 'done', sent: START + 1_000, done: START + 2_000, response: 'ok\nreally' };
    expect(await commands.list(id, { limit: 10 })).toEqual({ commands: [done], next: null });
    expect(await pendingTexts()).toEqual([]);
  });

  it('keeps the time at which it was sent first', async () => {
    const { commands } = test.parts;
    const command = await commands.add(id, 'reboot', {});
    await commands.sent(id, [command.id]);
    test.now += 1_000;
    await commands.sent(id, [command.id, OWN_ID]);
    expect(await commands.get(id, command.id)).toMatchObject({ sent: START });
    expect(await commands.get(id, OWN_ID)).toBeUndefined();
  });

  it('done twice is done once, with its first response; one nobody knows is told as such', async () => {
    const { commands } = test.parts;
    const command = await commands.add(id, 'reboot', {});
    expect(await commands.done(id, command.id, 'first')).toBe('done');
    test.now += 1_000;
    expect(await commands.done(id, command.id, 'second')).toBe('repeated');
    expect(await commands.get(id, command.id)).toMatchObject({ done: START, response: 'first' });
    for (const unknown of [OWN_ID, '', '__proto__', '../../x'])
      expect(await commands.done(id, unknown, 'x')).toBeNull();
    expect((await commands.list(id, { limit: 10 })).commands).toHaveLength(1);
  });

  it('expires: at its time, and not a millisecond before', async () => {
    const { commands } = test.parts;
    const command = await commands.add(id, 'engine stop', { expires: START + 1_000 });
    expect(await commands.pending(id, START + 999)).toHaveLength(1);
    expect(await commands.pending(id, START + 1_000)).toEqual([]);
    test.now = START + 1_000;
    expect(await commands.get(id, command.id)).toMatchObject({ state: 'expired', expired: START + 1_000 });
    await expect(commands.cancel(id, command.id)).rejects.toMatchObject({ code: 'conflict' });
    // Cleared away by the next one, and still told.
    await commands.add(id, 'next', {});
    expect((await test.registry.get(path('device', id, 'commands')))?.values.size).toBe(1);
    expect(await commands.get(id, command.id)).toMatchObject({ state: 'expired', text: 'engine stop' });
  });

  it('cancelled is never sent again, and cancelled twice is cancelled once', async () => {
    const { commands } = test.parts;
    const command = await commands.add(id, 'engine stop', { expires: START + 5_000 });
    expect(await commands.cancel(id, command.id)).toMatchObject({ state: 'cancelled', cancelled: START });
    test.now += 10_000;
    expect(await commands.cancel(id, command.id)).toMatchObject({
      state: 'cancelled',
      cancelled: START,
      expired: null,
    });
    expect(await pendingTexts()).toEqual([]);
    await expect(commands.cancel(id, OWN_ID)).rejects.toMatchObject({ code: 'unknown' });
  });

  it('that the device did although it was cancelled or had expired is done: that is what happened', async () => {
    const { commands } = test.parts;
    const cancelled = await commands.add(id, 'a', {});
    const expiring = await commands.add(id, 'b', { expires: START + 1 });
    await commands.cancel(id, cancelled.id);
    test.now += 1_000;
    expect(await commands.done(id, cancelled.id, null)).toBe('done');
    expect(await commands.done(id, expiring.id, 'late')).toBe('done');
    expect(await commands.get(id, cancelled.id)).toMatchObject({
      state: 'done',
      cancelled: START,
      done: START + 1_000,
    });
    expect(await commands.get(id, expiring.id)).toMatchObject({ state: 'done', expired: START + 1, response: 'late' });
    await expect(commands.cancel(id, expiring.id)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('asked for twice under an id of the asker is one; another text under it is refused', async () => {
    const { commands } = test.parts;
    const first = await commands.add(id, 'reboot', { commandId: OWN_ID });
    test.now += 1_000;
    expect(await commands.add(id, 'reboot', { commandId: OWN_ID.toUpperCase() })).toEqual(first);
    await expect(commands.add(id, 'other', { commandId: OWN_ID })).rejects.toMatchObject({ code: 'conflict' });
    expect(await pendingTexts()).toEqual(['reboot']);
  });
});

it('commands wait in the order of asking, and are listed the newest first, page by page', async () => {
  const { commands } = test.parts;
  for (let n = 0; n < 7; n++) {
    test.now += n % 2;
    await commands.add(id, String(n), {});
  }
  expect(await pendingTexts()).toEqual(['0', '1', '2', '3', '4', '5', '6']);
  const texts: string[] = [];
  let after: string | undefined;
  do {
    const page = await commands.list(id, { limit: 3, after });
    texts.push(...page.commands.map(({ text }) => text));
    after = page.next ?? undefined;
  } while (after !== undefined);
  expect(texts).toEqual(['6', '5', '4', '3', '2', '1', '0']);
  await expect(commands.list(id, { limit: 3, after: OWN_ID })).rejects.toMatchObject({ code: 'invalid' });
});

it.each(['', 'a\0b', 'é'.repeat(32_769), '\ud800'])('the text %j is no command', async (text) => {
  await expect(test.parts.commands.add(id, text, {})).rejects.toMatchObject({ code: 'invalid' });
});

it.each([{ commandId: 'mine' }, { expires: Number.NaN }, { expires: -1 }])(
  'with %j it is no command',
  async (options) => {
    await expect(test.parts.commands.add(id, 'reboot', options)).rejects.toMatchObject({ code: 'invalid' });
  },
);

it('no more wait than the bound; one that ended makes room', async () => {
  const { commands } = test.parts;
  const waiting = [];
  for (let n = 0; n < MAX_WAITING_COMMANDS; n++)
    waiting.push(await commands.add(id, String(n), { expires: START + 9 }));
  await expect(commands.add(id, 'more', {})).rejects.toMatchObject({ code: 'full' });
  await commands.cancel(id, waiting[0]!.id);
  await commands.add(id, 'more', { expires: START + 9 });
  await expect(commands.add(id, 'yet more', {})).rejects.toMatchObject({ code: 'full' });
  test.now = START + 9;
  await commands.add(id, 'after they expired', {});
  expect(await pendingTexts()).toEqual(['after they expired']);
});

it('of those that ended the newest are kept', async () => {
  const { commands } = test.parts;
  for (let n = 0; n < MAX_ENDED_COMMANDS + 5; n++) {
    test.now += 1;
    const command = await commands.add(id, String(n), {});
    await commands.done(id, command.id, 'ok');
  }
  const { commands: kept } = await commands.list(id, { limit: 1_000 });
  expect(kept.map(({ text }) => text).at(-1)).toBe('5');
  expect(kept).toHaveLength(MAX_ENDED_COMMANDS);
  for (const child of ['commands-ended', 'commands-response', 'commands-queued', 'commands-done'])
    expect((await test.registry.get(path('device', id, child)))?.values.size).toBe(MAX_ENDED_COMMANDS);
});

it('what an older gateway left behind is sent and acknowledged like any other', async () => {
  await test.registry.set(path('device', id, 'commands'), { [OWN_ID]: 'from before' });
  expect(await test.parts.commands.pending(id, test.now)).toEqual([{ id: OWN_ID, text: 'from before' }]);
  expect(await test.parts.commands.get(id, OWN_ID)).toMatchObject({ state: 'queued', queued: null });
  expect(await test.parts.commands.done(id, OWN_ID, 'ok')).toBe('done');
  expect(await pendingTexts()).toEqual([]);
});

type Step =
  | { does: 'add'; lives: number | null }
  | { does: 'sent' | 'done' | 'cancel'; which: number }
  | { does: 'wait'; ms: number }
  | { does: 'reopen' };

interface Modelled {
  readonly id: string;
  readonly expires: number | null;
  sent: boolean;
  done: boolean;
  cancelled: boolean;
}

function modelState(command: Modelled, now: number): CommandState {
  if (command.done) return 'done';
  if (command.cancelled) return 'cancelled';
  if (command.expires !== null && command.expires <= now) return 'expired';
  return command.sent ? 'sent' : 'queued';
}

it('any history, with restarts in it, ends as in a model; none is sent that ended', async () => {
  const which = fc.nat(5);
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      arbitrary: fc.record({ does: fc.constant('add' as const), lives: fc.option(fc.integer({ min: 1, max: 3 })) }),
      weight: 4,
    },
    { arbitrary: fc.record({ does: fc.constantFrom('sent', 'done', 'cancel'), which }), weight: 6 },
    { arbitrary: fc.record({ does: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3 }) }), weight: 3 },
    { arbitrary: fc.record({ does: fc.constant('reopen' as const) }), weight: 1 },
  );
  let device = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const deviceId = await identified(test, `test:${++device}`);
      const model: Modelled[] = [];
      for (const one of steps) {
        if (one.does === 'reopen') await test.reopen();
        else if (one.does === 'wait') test.now += one.ms;
        else if (one.does === 'add') {
          const expires = one.lives === null ? null : test.now + one.lives;
          const added = await test.parts.commands.add(deviceId, 'text', { expires: expires ?? undefined });
          model.push({ id: added.id, expires, sent: false, done: false, cancelled: false });
        } else {
          const command = model[one.which];
          if (!command) continue;
          const before = modelState(command, test.now);
          if (one.does === 'sent') {
            await test.parts.commands.sent(deviceId, [command.id]);
            command.sent = true;
          } else if (one.does === 'done') {
            const outcome = await test.parts.commands.done(deviceId, command.id, null);
            expect(outcome).toBe(before === 'done' ? 'repeated' : 'done');
            command.done = true;
          } else if (before === 'done' || before === 'expired') {
            await expect(test.parts.commands.cancel(deviceId, command.id)).rejects.toMatchObject({ code: 'conflict' });
          } else {
            await test.parts.commands.cancel(deviceId, command.id);
            command.cancelled = true;
          }
        }
        const waiting = model.filter((command) => ['queued', 'sent'].includes(modelState(command, test.now)));
        const pending = await test.parts.commands.pending(deviceId, test.now);
        expect(pending.map((command) => command.id)).toEqual(waiting.map((command) => command.id));
      }
      const listed = (await test.parts.commands.list(deviceId, { limit: 100 })).commands;
      expect(listed.map(({ id, state }) => ({ id, state })).reverse()).toEqual(
        model.map((command) => ({ id: command.id, state: modelState(command, test.now) })),
      );
    }),
    { numRuns: 60 },
  );
});
