/**
 * Which gateway holds which device, kept in the store. What a gateway writes counts as long as its lease: one that was
 * killed renews it no more, and all it held is gone at once when the lease is over.
 */
import { path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { hash64 } from '../series/hash.js';
import { createLeases, type Leases } from './leases.js';

export interface Presence {
  /** Connections of a device on all gateways, in the order of their positions. */
  of(deviceId: string): Promise<HeldConnection[]>;
  /** Connections of all devices on all gateways, those after a position, in the order of their positions. */
  all(after: string): AsyncIterable<HeldConnection>;
  /** The connection with this id, or undefined: nobody holds it. */
  find(id: string): Promise<HeldConnection | undefined>;
  /** Writes which connections of a device a gateway holds now, none too; resolves when that is durable. */
  hold(gateway: string, device: Identified, connections: readonly OwnConnection[]): Promise<void>;
  readonly leases: Leases;
  /** Removes what gateways left behind whose lease has been over for a while; resolves to their names. */
  sweep(): Promise<string[]>;
}

interface Identified {
  readonly id: string;
  readonly ident: string;
}

/** A connection as its gateway knows it. */
export interface OwnConnection {
  /** The gateway's own count. */
  readonly number: number;
  readonly protocol: string;
  /** `address:port` of the device. */
  readonly source: string;
  /** UNIX ms. */
  readonly opened: number;
}

export interface HeldConnection extends OwnConnection {
  /** Names it among those of all gateways. */
  readonly id: string;
  /** Name of the gateway on the bus: `receivers/<gateway>`. */
  readonly gateway: string;
  readonly deviceId: string;
  readonly ident: string;
  /** Where it stands in the order of all. */
  readonly position: string;
}

/** Connections of one device at one gateway that are written down at the most, the newest. */
export const MAX_WRITTEN = 100;
/** Nodes over which devices are spread, and how many of them are read at once when all are listed. */
const PARTS = 4_096;
const PARTS_AT_ONCE = 32;

/** `now` gives UNIX ms. Kept at `/presence/<part>/`, a value for each device and gateway. */
export function openPresence(registry: Registry, now: () => number): Presence {
  const leases = createLeases(registry, now);

  /** What is held in a part, of one device or of all. */
  async function heldIn(part: string, of?: string): Promise<HeldConnection[]> {
    const held: HeldConnection[] = [];
    for (const [name, value] of await valuesOf(part)) {
      const { deviceId, gateway } = ownerOf(name);
      if (of !== undefined && deviceId !== of) continue;
      if (await leases.holds(gateway)) held.push(...readHeld(part, name, value));
    }
    return held.sort((a, b) => (a.position < b.position ? -1 : 1));
  }

  async function valuesOf(part: string): Promise<ReadonlyMap<string, string>> {
    return (await registry.get(path(ROOM, part)))?.values ?? new Map();
  }

  async function* all(after: string): AsyncIterable<HeldConnection> {
    const [first = ''] = after.split('/');
    const parts = await partsFrom(first);
    for (let at = 0; at < parts.length; at += PARTS_AT_ONCE) {
      const some = await Promise.all(parts.slice(at, at + PARTS_AT_ONCE).map((part) => heldIn(part)));
      for (const held of some.flat()) if (held.position > after) yield held;
    }
  }

  async function partsFrom(first: string): Promise<string[]> {
    const parts = await registry.children(path(ROOM), { limit: PARTS });
    return parts.filter((part) => part >= first);
  }

  async function sweep(): Promise<string[]> {
    const ended = await leases.ended();
    if (ended.length === 0) return ended;
    for (const part of await partsFrom('')) {
      const names = [...(await valuesOf(part)).keys()].filter((name) => ended.includes(ownerOf(name).gateway));
      if (names.length > 0) await registry.unset(path(ROOM, part), names);
    }
    for (const gateway of ended) await leases.end(gateway);
    return ended;
  }

  return {
    leases,
    of: (deviceId) => heldIn(partOf(deviceId), deviceId),
    all,
    async find(id) {
      const part = /^[0-9a-f]{3}(?=\.)/.exec(id)?.[0];
      return part === undefined ? undefined : (await heldIn(part)).find((held) => held.id === id);
    },
    async hold(gateway, { id, ident }, connections) {
      const part = path(ROOM, partOf(id));
      const name = `${id}/${gateway}`;
      const written: Written = { ident, connections: connections.slice(-MAX_WRITTEN) };
      if (connections.length === 0) await registry.unset(part, [name]);
      else await registry.set(part, { [name]: JSON.stringify(written) });
    },
    sweep,
  };
}

const ROOM = 'presence';

interface Written {
  readonly ident: string;
  readonly connections: readonly OwnConnection[];
}

/** Devices lie evenly, whatever their ids are made of. */
function partOf(deviceId: string): string {
  const hash = Buffer.alloc(8);
  hash64(deviceId, '', hash, 0);
  return (hash.readUInt32BE(0) % PARTS).toString(16).padStart(3, '0');
}

function ownerOf(name: string): { readonly deviceId: string; readonly gateway: string } {
  const slash = name.indexOf('/');
  return { deviceId: name.slice(0, slash), gateway: name.slice(slash + 1) };
}

function readHeld(part: string, name: string, value: string): HeldConnection[] {
  const { deviceId, gateway } = ownerOf(name);
  const { ident, connections }: Written = JSON.parse(value);
  return connections.map((connection) => ({
    ...connection,
    id: `${part}.${connection.number}.${gateway}`,
    gateway,
    deviceId,
    ident,
    position: `${part}/${name}/${String(connection.number).padStart(DIGITS, '0')}`,
  }));
}

/** Of the largest number that is exact. */
const DIGITS = 16;
