import { timeValue } from '../registry/entity.js';
import { decodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import type { Device } from './device.js';
import type { Devices } from './devices.js';
import { Refusal } from './refusal.js';
import { shown } from './text.js';
import type { Turns } from './turns.js';

/** Idents that were refused because they are not known, until somebody admits or dismisses them. */
export interface WaitingRoom {
  /** All that wait, the last attempt first. */
  list(): Promise<readonly Waiting[]>;
  /** Makes the device, so that its next attempt is accepted. Whoever does not wait is refused as unknown. */
  admit(ident: string): Promise<Device>;
  /** Forgets an ident; resolves to whether it was there. */
  dismiss(ident: string): Promise<boolean>;
  /** Notes an attempt; the first of an ident is durable when this resolves, later ones within a minute of attempts. */
  note(ident: string, from: Caller): Promise<void>;
}

/** Where an identification comes from: the protocol's name, and `address:port`. */
export interface Caller {
  readonly protocol: string;
  readonly source: string;
}

export interface Waiting {
  readonly ident: string;
  /** Protocol and source (`address:port`) of the last attempt. */
  readonly protocol: string;
  readonly source: string;
  /** First and last attempt, UNIX ms. */
  readonly first: number;
  readonly last: number;
  readonly count: number;
}

export interface WaitingRoomOptions {
  readonly registry: Registry;
  readonly turns: Turns;
  readonly devices: Devices;
  /** UNIX ms. */
  readonly now: () => number;
  /** Idents that are kept at the most; beyond, the one tried longest ago is dropped. */
  readonly limit: number;
}

/** How often the attempts of one ident are written, in milliseconds: a refused device may try every second. */
export const WRITE_EVERY = 60_000;

/**
 * Kept at `/waiting/<ident>/`, which other processes read and change too, and in memory, which knows the attempts since
 * they were written.
 */
export function openWaitingRoom({ registry, turns, devices, now, limit }: WaitingRoomOptions): WaitingRoom {
  // The one tried longest ago comes first.
  let room: Promise<Map<string, Waiting & { written: number }>> | null = null;

  function load(): Promise<Map<string, Waiting & { written: number }>> {
    room ??= readAll().catch((error: unknown) => {
      room = null;
      throw error;
    });
    return room;
  }

  async function readAll(): Promise<Map<string, Waiting & { written: number }>> {
    const all: (Waiting & { written: number })[] = [];
    for (let after: string | undefined; ; ) {
      const names = await registry.children(path('waiting'), { limit: PAGE, ...(after !== undefined && { after }) });
      for (const name of names) {
        const ident = decodeName(name);
        const node = await registry.get(waitingPath(ident));
        if (node) all.push({ ...waitingOf(ident, node.values), written: 0 });
      }
      after = names.at(-1);
      if (names.length < PAGE) break;
    }
    return new Map(all.sort((a, b) => a.last - b.last).map((waiting) => [waiting.ident, waiting]));
  }

  async function note(ident: string, { protocol, source }: Caller): Promise<void> {
    const waiting = await load();
    const last = now();
    const before = waiting.get(ident);
    const due = !before || last - before.written >= WRITE_EVERY || last < before.written;
    const entry = {
      ident,
      protocol,
      source,
      first: before?.first ?? last,
      last,
      count: (before?.count ?? 0) + 1,
      written: due ? last : before.written,
    };
    waiting.delete(ident);
    waiting.set(ident, entry);
    const [oldest] = waiting.keys();
    const dropped = waiting.size > limit ? oldest : undefined;
    if (dropped !== undefined) waiting.delete(dropped);
    if (dropped !== undefined) await turns(waitingPath(dropped), () => registry.remove(waitingPath(dropped)));
    if (due) await write(entry);
  }

  async function write(entry: Waiting): Promise<void> {
    const { ident, protocol, source, first, last, count } = entry;
    const values = { protocol, source, first: String(first), last: String(last), count: String(count) };
    await turns(waitingPath(ident), async () => {
      // It may have been admitted, dismissed or dropped since, here or by another process.
      const isKnown = (await devices.byIdent(ident))?.deleted === null;
      if (!isKnown && (await load()).has(ident)) await registry.set(waitingPath(ident), values);
    });
  }

  async function waits(ident: string): Promise<boolean> {
    return (await registry.get(waitingPath(ident))) !== undefined;
  }

  async function dismiss(ident: string): Promise<boolean> {
    (await load()).delete(ident);
    if (!(await waits(ident))) return false;
    await turns(waitingPath(ident), () => registry.remove(waitingPath(ident)));
    return true;
  }

  async function list(): Promise<Waiting[]> {
    const [stored, known] = await Promise.all([readAll(), load()]);
    return [...stored.values()]
      .map((waiting) => {
        const here = known.get(waiting.ident);
        return here && here.last >= waiting.last ? here : waiting;
      })
      .map(({ written: _, ...waiting }) => waiting)
      .sort((a, b) => b.last - a.last || (a.ident < b.ident ? -1 : 1));
  }

  return {
    list,
    async admit(ident) {
      if (!(await waits(ident))) throw new Refusal('unknown', `The ident ${shown(ident)} does not wait`, 'ident');
      const device = await devices.create(ident);
      await dismiss(ident);
      return device;
    },
    dismiss,
    note,
  };
}

const PAGE = 1_000;

function waitingPath(ident: string): string {
  return path('waiting', ident);
}

function waitingOf(ident: string, values: ReadonlyMap<string, string>): Waiting {
  return {
    ident,
    protocol: values.get('protocol') ?? '',
    source: values.get('source') ?? '',
    first: timeValue(values.get('first')) ?? 0,
    last: timeValue(values.get('last')) ?? 0,
    count: timeValue(values.get('count')) ?? 1,
  };
}
