import { DEFAULT_DOMAIN, type Domains } from '../accounts/domains.js';
import type { Users } from '../accounts/users.js';
import { deleteEntity, derivedId, entityValues, loadEntity, restoreEntity } from '../registry/entity.js';
import { decodeName, encodeName, path } from '../registry/paths.js';
import type { Edit, Registry } from '../registry/registry.js';
import { type ChangeDevice, type Device, deviceChild, deviceKind } from './device.js';
import { identProblem } from './ident.js';
import { Refusal } from './refusal.js';
import { checkTitle, shown } from './text.js';
import type { Turns } from './turns.js';

/** Devices as a whole. Every change resolves when it is durable; one that cannot be made rejects with a `Refusal`. */
export interface Devices {
  /** The device of this UUID or ident, deleted ones too. */
  find(idOrIdent: string): Promise<Device | undefined>;
  get(id: string): Promise<Device | undefined>;
  byIdent(ident: string): Promise<Device | undefined>;
  /**
   * A page in the order of idents, those after the ident `after`; `deleted`: those marked as deleted instead of the
   * others; `domain`: those of this UUID's domain alone. `next` is the `after` of the next page, null at the end.
   */
  list(query: DeviceQuery): Promise<DevicePage>;
  /**
   * Makes a device of this ident, or gives (restored, if it was deleted) the one that has it; `firstConnection` is that of
   * a new one, UNIX ms.
   */
  create(ident: string, firstConnection?: number): Promise<Device>;
  /** Notes that a device identified itself: its first connection, if it had none. */
  connected(device: Device): Promise<Device>;
  /** Domain and owner are UUIDs or names; null takes the value away. */
  update(id: string, changes: DeviceChanges): Promise<Device>;
  /** Marks a device as deleted: it keeps its ident, settings and readings. */
  delete(id: string): Promise<Device>;
  restore(id: string): Promise<Device>;
}

export interface DeviceQuery {
  readonly after?: string | undefined;
  readonly limit: number;
  readonly deleted?: boolean | undefined;
  readonly domain?: string | undefined;
}

export interface DevicePage {
  readonly devices: readonly Device[];
  readonly next: string | null;
}

export interface DeviceChanges {
  readonly name?: string | null | undefined;
  readonly domain?: string | null | undefined;
  readonly owner?: string | null | undefined;
  /** Minutes that its clock is ahead of UTC. */
  readonly clockOffset?: number | null | undefined;
}

export interface DevicesOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  readonly change: ChangeDevice;
  readonly domains: Domains;
  readonly users: Users;
  /** UNIX ms. */
  readonly now: () => number;
}

/** Idents looked at in one go when a page is gathered. */
const CHUNK = 100;

export function openDeviceTree({ registry, turns, change, domains, users, now }: DevicesOptions): Devices {
  async function get(id: string): Promise<Device | undefined> {
    const device = await loadEntity(registry, deviceKind, id);
    if (!device) return undefined;
    const named = await registry.getAny(deviceChild(id, 'server-settings-public'));
    const { ident, domain, owner, firstConnection, deleted } = device;
    // Written out: connected devices stay in memory, and copies made by spreading have a shape each.
    const name = named?.values.get('name') ?? null;
    const clockOffset = minutes(named?.values.get('clock-offset'));
    return { id, ident, domain, owner, name, clockOffset, firstConnection, deleted };
  }

  async function idOf(ident: string): Promise<string | undefined> {
    if (identProblem(ident) !== null) return undefined;
    return (await registry.get(identPath(ident)))?.values.get('id');
  }

  async function byIdent(ident: string): Promise<Device | undefined> {
    const id = await idOf(ident);
    return id === undefined ? undefined : get(id);
  }

  async function list({ after, limit, deleted = false, domain }: DeviceQuery): Promise<DevicePage> {
    const devices: Device[] = [];
    let last = after === undefined || after === '' ? undefined : encodeName(after);
    while (devices.length <= limit) {
      const page = { limit: CHUNK, ...(last !== undefined && { after: last }) };
      const names = await registry.children(path(deviceKind.name, 'by-ident'), page);
      const found = await Promise.all(names.map((name) => byIdent(decodeName(name))));
      for (const device of found) {
        if (!device || (device.deleted !== null) !== deleted) continue;
        if (domain === undefined || device.domain === domain) devices.push(device);
      }
      last = names.at(-1);
      if (names.length < CHUNK) break;
    }
    const page = devices.slice(0, limit);
    return { devices: page, next: devices.length > limit ? (page.at(-1)?.ident ?? null) : null };
  }

  async function create(ident: string, firstConnection?: number): Promise<Device> {
    const problem = identProblem(ident);
    if (problem !== null) throw new Refusal('invalid', problem, 'ident');
    return turns(ident, async () => {
      // An id that is known always wins, however it was made, or the device's readings would be orphaned.
      const id = (await idOf(ident)) ?? derivedId(ident);
      const before = await get(id);
      if (before?.deleted === null) return before;
      if (before) return restore(id);
      const domain = await domains.ensure(DEFAULT_DOMAIN);
      await registry.edit([
        {
          edit: 'set',
          path: path(deviceKind.name, id),
          values: entityValues(deviceKind, { ident, domain: domain.id, ...connectedAt(firstConnection) }),
        },
        joining(domain.id, id),
        { edit: 'set', path: identPath(ident), values: { id } },
      ]);
      return must(id);
    });
  }

  async function connected(device: Device): Promise<Device> {
    if (device.firstConnection !== null) return device;
    return change(device.id, async () => {
      const before = await must(device.id);
      if (before.firstConnection !== null) return before;
      await registry.set(path(deviceKind.name, device.id), connectedAt(now()));
      return must(device.id);
    });
  }

  function update(id: string, { name, domain, owner, clockOffset }: DeviceChanges): Promise<Device> {
    return change(id, async () => {
      const device = await must(id);
      const edits: Edit[] = [];
      if (typeof name === 'string') checkTitle('name of a device', name);
      if (name !== undefined) edits.push(valueEdit(deviceChild(id, 'server-settings-public'), 'name', name));
      if (clockOffset !== undefined) {
        const value = clockOffset === null ? null : String(clockOffset);
        edits.push(valueEdit(deviceChild(id, 'server-settings-public'), 'clock-offset', value));
      }
      if (domain !== undefined) edits.push(...(await domainEdits(device, domain)));
      if (owner !== undefined) edits.push(valueEdit(path(deviceKind.name, id), 'owner', await ownerId(owner)));
      if (edits.length > 0) await registry.edit(edits);
      return must(id);
    });
  }

  async function domainEdits(device: Device, idOrName: string | null): Promise<Edit[]> {
    const joined = idOrName === null ? null : await domains.find(idOrName);
    if (joined === undefined || (joined && joined.deleted !== null))
      throw new Refusal('invalid', `There is no domain ${shown(idOrName ?? '')}`, 'domain');
    const edits = [valueEdit(path(deviceKind.name, device.id), 'domain', joined?.id ?? null)];
    if (device.domain !== null) edits.push(valueEdit(domainDevices(device.domain), device.id, null));
    if (joined) edits.push(joining(joined.id, device.id));
    return edits;
  }

  async function ownerId(idOrName: string | null): Promise<string | null> {
    if (idOrName === null) return null;
    const user = await users.find(idOrName);
    if (!user || user.deleted !== null) throw new Refusal('invalid', `There is no user ${shown(idOrName)}`, 'owner');
    return user.id;
  }

  function remove(id: string): Promise<Device> {
    return turns(id, async () => {
      const device = await must(id);
      if (device.deleted !== null) return device;
      await deleteEntity(registry, deviceKind, id, now());
      if (device.domain !== null) await registry.unset(domainDevices(device.domain), [id]);
      return must(id);
    });
  }

  function restore(id: string): Promise<Device> {
    return turns(id, async () => {
      const device = await must(id);
      if (device.deleted === null) return device;
      await restoreEntity(registry, deviceKind, id);
      if (device.domain !== null) await registry.edit([joining(device.domain, id)]);
      return must(id);
    });
  }

  async function must(id: string): Promise<Device> {
    const device = await get(id);
    if (!device) throw new Refusal('unknown', `There is no device ${shown(id)}`, 'device');
    return device;
  }

  return {
    get,
    byIdent,
    find: async (idOrIdent) => (await byIdent(idOrIdent)) ?? get(idOrIdent.toLowerCase()),
    list,
    create,
    connected,
    update,
    delete: remove,
    restore,
  };
}

function connectedAt(firstConnection: number | undefined): Record<string, string> {
  return firstConnection === undefined ? {} : { 'first-connection': String(firstConnection) };
}

function minutes(text: string | undefined): number | null {
  return text !== undefined && /^-?\d{1,4}$/.test(text) ? Number(text) : null;
}

function identPath(ident: string): string {
  return path(deviceKind.name, 'by-ident', ident);
}

function domainDevices(domainId: string): string {
  return path('domain', domainId, 'devices');
}

/** To a domain that is there. */
function joining(domainId: string, deviceId: string): Edit {
  return { edit: 'put', path: domainDevices(domainId), values: { [deviceId]: '' } };
}

function valueEdit(at: string, name: string, value: string | null): Edit {
  return value === null
    ? { edit: 'unset', path: at, names: [name] }
    : { edit: 'set', path: at, values: { [name]: value } };
}
