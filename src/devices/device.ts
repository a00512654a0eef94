import { type EntityKind, timeValue } from '../registry/entity.js';
import { path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { Refusal } from './refusal.js';
import type { Turns } from './turns.js';

/** A device as the registry knows it: `/device/<id>/`, see docs/data-model.md. */
export interface Device {
  /** UUID, lower case. */
  readonly id: string;
  readonly ident: string;
  /** UUID of its domain, or null. */
  readonly domain: string | null;
  /** UUID of the user it belongs to, or null. */
  readonly owner: string | null;
  /** What people call it, or null. */
  readonly name: string | null;
  /** Minutes that its clock is ahead of UTC, or null: as its protocol has it. */
  readonly clockOffset: number | null;
  /** When it identified itself for the first time, UNIX ms; null: never yet, or not known. */
  readonly firstConnection: number | null;
  /** When it was marked as deleted, UNIX ms, 0: at an unknown time; null: it is not. */
  readonly deleted: number | null;
}

/** The id of the time series that holds a device's readings. */
export function seriesOf(deviceId: string): string {
  return `dev-${deviceId}`;
}

/** A device but for its name and clock, which lie on a child of its own. */
export const deviceKind: EntityKind<Omit<Device, 'name' | 'clockOffset'>> = {
  name: 'device',
  upgrades: [firstConnectionInMilliseconds],
  read: (id, values, deleted) => ({
    id,
    ident: values.get('ident') ?? '',
    domain: values.get('domain') ?? null,
    owner: values.get('owner') ?? null,
    firstConnection: timeValue(values.get('first-connection')),
    deleted,
  }),
};

/** The children of a device's node that hold values. */
export type DeviceChild =
  | 'settings'
  | 'settings-to-send'
  | 'settings-ack-time'
  | 'commands'
  | 'commands-response'
  | 'commands-ended'
  | 'commands-queued'
  | 'commands-sent'
  | 'commands-done'
  | 'commands-cancelled'
  | 'commands-expires'
  | 'status'
  | 'server-settings-public'
  | 'channel-translation';

export function deviceChild(deviceId: string, child: DeviceChild): string {
  return path(deviceKind.name, deviceId, child);
}

/** The values of a device's child; none where there is no such node yet. */
export async function deviceValues(
  registry: Registry,
  deviceId: string,
  child: DeviceChild,
): Promise<ReadonlyMap<string, string>> {
  return (await registry.get(deviceChild(deviceId, child)))?.values ?? new Map<string, string>();
}

/**
 * Changes one device at a time, and none that is deleted: rejects with a `Refusal` `unknown` then. (A write below a
 * deleted node would bring a part of it back.)
 */
export type ChangeDevice = <T>(deviceId: string, task: () => Promise<T>) => Promise<T>;

export function deviceChanger(registry: Registry, turns: Turns): ChangeDevice {
  return (deviceId, task) =>
    turns(deviceId, async () => {
      if (!(await registry.get(path(deviceKind.name, deviceId))))
        throw new Refusal('unknown', `There is no device ${deviceId}, or it is deleted`, 'device');
      return task();
    });
}

/** Version 0 had UNIX seconds in places. */
function firstConnectionInMilliseconds(values: ReadonlyMap<string, string>): Record<string, string> {
  const date = timeValue(values.get('first-connection'));
  return date !== null && date < 1e11 ? { 'first-connection': String(date * 1_000) } : {};
}
