import { isUuid } from '../registry/entity.js';
import type { Edit, Registry } from '../registry/registry.js';
import { type DeviceCommand, endEdits, forgetEdits, loadCommands, setFact } from './command.js';
import { type ChangeDevice, deviceChild, deviceValues } from './device.js';
import { Refusal } from './refusal.js';
import { valueProblem } from './text.js';

export type { CommandState, DeviceCommand } from './command.js';

/**
 * What a device is told to do, once. A command is sent at every identification until it is acknowledged, and never
 * when it has expired or was cancelled. All changes resolve when they are durable.
 */
export interface Commands {
  /** Newest first, those after the command `after`. */
  list(deviceId: string, page: { after?: string | undefined; limit: number }): Promise<CommandPage>;
  get(deviceId: string, commandId: string): Promise<DeviceCommand | undefined>;
  /** Those to send now (UNIX ms), oldest first. */
  pending(deviceId: string, now: number): Promise<{ id: string; text: string }[]>;
  /** Queues a command. Rejects with a `Refusal`: `invalid`, `full`, or `conflict` when the id is taken. */
  add(deviceId: string, text: string, options: CommandOptions): Promise<DeviceCommand>;
  /** Rejects with a `Refusal`: `unknown`, or `conflict` when it is done or expired. */
  cancel(deviceId: string, commandId: string): Promise<DeviceCommand>;
  /** Notes that commands were written to a socket. */
  sent(deviceId: string, commandIds: readonly string[]): Promise<void>;
  /**
   * The device did a command; the response is kept. `repeated`: it said so before; null: there is no such command. One
   * that was cancelled or expired too late to stop it becomes done, for that is what happened.
   */
  done(deviceId: string, commandId: string, response: string | null): Promise<'done' | 'repeated' | null>;
}

export interface CommandOptions {
  /** When it must not be sent any more, UNIX ms. */
  readonly expires?: number | undefined;
  /** A UUID of the asker's own, so that asking twice is one command. */
  readonly commandId?: string | undefined;
}

export interface CommandPage {
  readonly commands: readonly DeviceCommand[];
  /** The `after` of the next page, null at the end. */
  readonly next: string | null;
}

/** Commands of one device that wait to be done, at the most. */
export const MAX_WAITING_COMMANDS = 100;

export interface CommandsOptions {
  readonly registry: Registry;
  readonly change: ChangeDevice;
  /** UNIX ms. */
  readonly now: () => number;
  /** A new UUID. */
  readonly newId: () => string;
}

export function openCommands({ registry, change, now, newId }: CommandsOptions): Commands {
  const load = (deviceId: string) => loadCommands(registry, deviceId, now());

  async function list(deviceId: string, { after, limit }: { after?: string | undefined; limit: number }) {
    const commands = [...(await load(deviceId)).commands.values()].sort(newestFirst);
    const begin = after === undefined ? 0 : commands.findIndex(({ id }) => id === after) + 1;
    if (after !== undefined && begin === 0)
      throw new Refusal('invalid', `There is no command ${JSON.stringify(after)} to go on after`, 'cursor');
    const page = commands.slice(begin, begin + limit);
    return { commands: page, next: begin + limit < commands.length ? (page.at(-1)?.id ?? null) : null };
  }

  async function pending(deviceId: string, at: number): Promise<{ id: string; text: string }[]> {
    // Most devices have none most of the time.
    if ((await deviceValues(registry, deviceId, 'commands')).size === 0) return [];
    const { commands } = await loadCommands(registry, deviceId, at);
    return [...commands.values()]
      .filter(isWaiting)
      .sort((a, b) => newestFirst(b, a))
      .map(({ id, text }) => ({ id, text }));
  }

  async function add(deviceId: string, text: string, { expires, commandId }: CommandOptions): Promise<DeviceCommand> {
    checkCommand(text, expires, commandId);
    return change(deviceId, async () => {
      const known = await load(deviceId);
      const id = commandId?.toLowerCase() ?? newId();
      const before = known.commands.get(id);
      if (before && before.text === text && before.expires === (expires ?? null)) return before;
      if (before) throw new Refusal('conflict', `The command ${id} is another one already`, 'id');
      const all = [...known.commands.values()];
      if (all.filter(isWaiting).length >= MAX_WAITING_COMMANDS)
        throw new Refusal('full', `Too many commands: ${MAX_WAITING_COMMANDS} wait for the device already`);
      const expired = all.filter(({ id, state }) => state === 'expired' && known.waiting.has(id));
      const edits: Edit[] = expired.flatMap((command) => endEdits(deviceId, command));
      edits.push(...forgetEdits(deviceId, known, expired), setFact(deviceId, 'commands-queued', id, String(now())));
      // The expiry is written before the text: without it a late command would be sent.
      if (expires !== undefined) edits.push(setFact(deviceId, 'commands-expires', id, String(expires)));
      edits.push(setFact(deviceId, 'commands', id, text));
      await registry.edit(edits);
      return written(deviceId, id);
    });
  }

  function cancel(deviceId: string, commandId: string): Promise<DeviceCommand> {
    return change(deviceId, async () => {
      const known = await load(deviceId);
      const command = known.commands.get(commandId.toLowerCase());
      if (!command) throw new Refusal('unknown', `There is no command ${JSON.stringify(commandId)}`, 'id');
      if (command.state === 'cancelled') return command;
      if (!isWaiting(command))
        throw new Refusal('conflict', `The command ${command.id} is ${command.state} already`, 'id');
      await registry.edit([
        setFact(deviceId, 'commands-cancelled', command.id, String(now())),
        ...endEdits(deviceId, command),
        ...forgetEdits(deviceId, known, [command]),
      ]);
      return written(deviceId, command.id);
    });
  }

  async function sent(deviceId: string, commandIds: readonly string[]): Promise<void> {
    await change(deviceId, async () => {
      const [waiting, before] = await Promise.all([
        deviceValues(registry, deviceId, 'commands'),
        deviceValues(registry, deviceId, 'commands-sent'),
      ]);
      const date = String(now());
      const first = commandIds.filter((id) => waiting.has(id) && !before.has(id));
      if (first.length === 0) return;
      await registry.set(deviceChild(deviceId, 'commands-sent'), Object.fromEntries(first.map((id) => [id, date])));
    });
  }

  function done(deviceId: string, commandId: string, response: string | null): Promise<'done' | 'repeated' | null> {
    return change(deviceId, async () => {
      const known = await load(deviceId);
      const command = known.commands.get(commandId.toLowerCase());
      // Older gateways kept nothing but the response.
      if (!command) return known.responses.has(commandId) ? 'repeated' : null;
      if (command.state === 'done') return 'repeated';
      const edits = response === null ? [] : [setFact(deviceId, 'commands-response', command.id, response)];
      await registry.edit([
        ...edits,
        setFact(deviceId, 'commands-done', command.id, String(now())),
        ...endEdits(deviceId, command),
        ...forgetEdits(deviceId, known, [command]),
      ]);
      return 'done';
    });
  }

  async function get(deviceId: string, commandId: string): Promise<DeviceCommand | undefined> {
    return (await load(deviceId)).commands.get(commandId.toLowerCase());
  }

  async function written(deviceId: string, id: string): Promise<DeviceCommand> {
    const command = await get(deviceId, id);
    if (!command) throw new Error(`the command ${id} that was just written is not there`);
    return command;
  }

  return { list, get, pending, add, cancel, sent, done };
}

function isWaiting({ state }: DeviceCommand): boolean {
  return state === 'queued' || state === 'sent';
}

function newestFirst(a: DeviceCommand, b: DeviceCommand): number {
  return (b.queued ?? 0) - (a.queued ?? 0) || (a.id < b.id ? 1 : -1);
}

function checkCommand(text: string, expires: number | undefined, commandId: string | undefined): void {
  const problem = valueProblem('text of a command', text);
  if (problem !== null) throw new Refusal('invalid', problem, 'text');
  if (text === '' || text.includes('\0'))
    throw new Refusal('invalid', 'Invalid text of a command: expected at least one character, and no NUL', 'text');
  if (expires !== undefined && !(Number.isInteger(expires) && expires >= 0 && expires < 1e15))
    throw new Refusal('invalid', `Invalid expiry: ${expires}, expected UNIX milliseconds`, 'expires');
  if (commandId !== undefined && !isUuid(commandId.toLowerCase()))
    throw new Refusal('invalid', `Invalid id of a command: ${JSON.stringify(commandId)}, expected a UUID`, 'id');
}
