/**
 * One command as it lies in the registry. The facts are kept apart, each a cell of its own, so that a gateway that
 * sends and an API that cancels never overwrite each other; the state follows from them.
 *
 * | child of the device | values: id → |
 * |---|---|
 * | `commands` | text, of those that may still have to be sent |
 * | `commands-ended` | text, of those done or cancelled, and of those expired once they were cleared away |
 * | `commands-response` | response |
 * | `commands-queued`, `commands-sent`, `commands-done`, `commands-cancelled` | when, UNIX ms |
 * | `commands-expires` | when it expires, UNIX ms |
 */
import { timeValue } from '../registry/entity.js';
import type { Edit, Registry } from '../registry/registry.js';
import { type DeviceChild, deviceChild, deviceValues } from './device.js';

export type CommandState = 'queued' | 'sent' | 'done' | 'expired' | 'cancelled';

export interface DeviceCommand {
  /** UUID. */
  readonly id: string;
  readonly text: string;
  readonly state: CommandState;
  /** When it came to each state, UNIX ms; null: it did not, or it is not known. */
  readonly queued: number | null;
  /** The first time. */
  readonly sent: number | null;
  readonly done: number | null;
  readonly expired: number | null;
  readonly cancelled: number | null;
  /** When it expires or would have, UNIX ms; null: never. */
  readonly expires: number | null;
  readonly response: string | null;
}

/** Commands of one device that ended and are kept; beyond, the one that ended first is forgotten. */
export const MAX_ENDED_COMMANDS = 100;

export interface KnownCommands {
  readonly commands: ReadonlyMap<string, DeviceCommand>;
  /** Text by id of those in `commands`. */
  readonly waiting: ReadonlyMap<string, string>;
  readonly responses: ReadonlyMap<string, string>;
}

/** All commands of a device, with their states at `now`, UNIX ms. */
export async function loadCommands(registry: Registry, deviceId: string, now: number): Promise<KnownCommands> {
  const [waiting, ended, responses, queued, sent, done, cancelled, expires] = await Promise.all([
    deviceValues(registry, deviceId, 'commands'),
    deviceValues(registry, deviceId, 'commands-ended'),
    deviceValues(registry, deviceId, 'commands-response'),
    deviceValues(registry, deviceId, 'commands-queued'),
    deviceValues(registry, deviceId, 'commands-sent'),
    deviceValues(registry, deviceId, 'commands-done'),
    deviceValues(registry, deviceId, 'commands-cancelled'),
    deviceValues(registry, deviceId, 'commands-expires'),
  ] as const);
  const commands = new Map<string, DeviceCommand>();
  for (const [id, text] of [...ended, ...waiting]) {
    const facts = {
      queued: timeValue(queued.get(id)),
      sent: timeValue(sent.get(id)),
      done: timeValue(done.get(id)),
      cancelled: timeValue(cancelled.get(id)),
      expires: timeValue(expires.get(id)),
    };
    const expired = expiredAt(facts, now);
    const state = stateOf(facts, expired);
    commands.set(id, { id, text, state, ...facts, expired, response: responses.get(id) ?? null });
  }
  return { commands, waiting, responses };
}

export function setFact(deviceId: string, child: DeviceChild, id: string, value: string): Edit {
  return { edit: 'set', path: deviceChild(deviceId, child), values: { [id]: value } };
}

/** Takes a command from those that wait to those that ended. */
export function endEdits(deviceId: string, { id, text }: DeviceCommand): Edit[] {
  return [
    setFact(deviceId, 'commands-ended', id, text),
    { edit: 'unset', path: deviceChild(deviceId, 'commands'), names: [id] },
  ];
}

/** Forgets those that ended first, so that there is room for those that end now. */
export function forgetEdits(deviceId: string, known: KnownCommands, ending: readonly DeviceCommand[]): Edit[] {
  const joining = new Set(ending.map(({ id }) => id));
  const ended = [...known.commands.values()].filter(({ id }) => !known.waiting.has(id) && !joining.has(id));
  const surplus = ended.length + joining.size - MAX_ENDED_COMMANDS;
  if (surplus <= 0) return [];
  const names = ended
    .sort((a, b) => endOf(a) - endOf(b))
    .slice(0, surplus)
    .map(({ id }) => id);
  return FACTS.map((child) => ({ edit: 'unset', path: deviceChild(deviceId, child), names }));
}

const FACTS = [
  'commands-ended',
  'commands-response',
  'commands-queued',
  'commands-sent',
  'commands-done',
  'commands-cancelled',
  'commands-expires',
] as const;

type Facts = Pick<DeviceCommand, 'queued' | 'sent' | 'done' | 'cancelled' | 'expires'>;

function expiredAt({ done, cancelled, expires }: Facts, now: number): number | null {
  if (expires === null || expires > now) return null;
  const ended = Math.min(done ?? Number.POSITIVE_INFINITY, cancelled ?? Number.POSITIVE_INFINITY);
  return ended <= expires ? null : expires;
}

/** What the device did counts more than what was wanted, and what was wanted more than the clock. */
function stateOf({ done, cancelled, sent }: Facts, expired: number | null): CommandState {
  if (done !== null) return 'done';
  if (cancelled !== null) return 'cancelled';
  if (expired !== null) return 'expired';
  return sent === null ? 'queued' : 'sent';
}

function endOf({ done, cancelled, expired }: DeviceCommand): number {
  return done ?? cancelled ?? expired ?? 0;
}
