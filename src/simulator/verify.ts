/** Reads back what was acknowledged, and says what of it is lost, doubled or not as it was. */
import type { Protocol } from '../../protocols/protocol.js';
import type { ReadingsPage } from '../api/reading-given.js';
import type { Ledger } from './ledger.js';
import type { Route } from './routes.js';
import type { Simulation } from './simulator.js';

export interface Verification {
  /** Readings that were acknowledged. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  readonly altered: number;
  /** Settings and commands whose acknowledgement was acknowledged, and those of them the server does not know so. */
  readonly settings: number;
  readonly settingsLost: number;
  readonly commands: number;
  readonly commandsLost: number;
  /** The first few, for a person. */
  readonly examples: readonly string[];
}

/** Asks the API for JSON at a path. */
export type Ask = <T>(path: string) => Promise<T>;

/** Examples that are kept. */
const MAX_EXAMPLES = 10;
const PAGE = 1_000;
/** Degrees that a 32-bit float may differ by. */
const CLOSE = 2e-5;

type Counts = { -readonly [K in keyof Omit<Verification, 'examples'>]: number };

/** Compares every reading, setting and command that was acknowledged with what the API at `ask` gives. */
export async function verify(simulation: Simulation, route: Route, ask: Ask): Promise<Verification> {
  const counts: Counts = {
    acknowledged: 0,
    lost: 0,
    duplicated: 0,
    altered: 0,
    settings: 0,
    settingsLost: 0,
    commands: 0,
    commandsLost: 0,
  };
  const examples: string[] = [];
  const example = (text: string) => {
    if (examples.length < MAX_EXAMPLES) examples.push(text);
  };
  for (const ledger of simulation.ledgers) {
    await verifyReadings(simulation, ledger, route, ask, counts, example);
    await verifySettings(ledger, ask, counts, example);
    await verifyCommands(ledger, ask, counts, example);
  }
  return { ...counts, examples };
}

async function verifyReadings(
  { protocol, dateOf }: Simulation,
  { ident, index, acknowledged }: Ledger,
  route: Route,
  ask: Ask,
  counts: Counts,
  example: (text: string) => void,
): Promise<void> {
  counts.acknowledged += acknowledged;
  if (acknowledged === 0) return;
  const [first, step] = [dateOf(0), dateOf(1) - dateOf(0)];
  const times = new Uint32Array(acknowledged);
  const range = `from=${iso(first)}&to=${iso(dateOf(acknowledged - 1))}`;
  const path = `/api/devices/${encodeURIComponent(ident)}/readings?type=sen:loc&order=asc&limit=${PAGE}&${range}`;
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: ReadingsPage = await ask(path + (cursor && `&cursor=${encodeURIComponent(cursor)}`));
    for (const { time, data } of page.readings) {
      const number = (Date.parse(time) - first) / step;
      if (!Number.isInteger(number)) continue;
      times[number] = (times[number] ?? 0) + 1;
      const expected = route(index, (number * step) / 1_000);
      if (isSame(data, expected, protocol)) continue;
      counts.altered++;
      example(`${ident} ${time}: ${JSON.stringify(data)} is not ${JSON.stringify(expected)}`);
    }
    cursor = page.next;
  }
  for (const [number, found] of times.entries()) {
    if (found === 1) continue;
    if (found === 0) counts.lost++;
    else counts.duplicated += found - 1;
    example(`${ident} ${new Date(dateOf(number)).toISOString()}: ${found === 0 ? 'lost' : `there are ${found}`}`);
  }
}

async function verifySettings(
  { ident, settings }: Ledger,
  ask: Ask,
  counts: Counts,
  example: (text: string) => void,
): Promise<void> {
  counts.settings += settings.size;
  if (settings.size === 0) return;
  const known: { settings: { name: string; value: string | null }[] } = await ask(
    `/api/devices/${encodeURIComponent(ident)}/settings`,
  );
  for (const [name, value] of settings) {
    const found = known.settings.find((setting) => setting.name === name)?.value;
    if (found === value) continue;
    counts.settingsLost++;
    example(`${ident} setting ${name}: ${JSON.stringify(found)} is not ${JSON.stringify(value)}`);
  }
}

async function verifyCommands(
  { ident, commands }: Ledger,
  ask: Ask,
  counts: Counts,
  example: (text: string) => void,
): Promise<void> {
  counts.commands += commands.size;
  if (commands.size === 0) return;
  const known: { commands: { text: string; state: string; response: string | null }[] } = await ask(
    `/api/devices/${encodeURIComponent(ident)}/commands?limit=${PAGE}`,
  );
  for (const [text, response] of commands) {
    if (known.commands.some((one) => one.text === text && one.state === 'done' && one.response === response)) continue;
    counts.commandsLost++;
    example(`${ident} command ${JSON.stringify(text)}: its response is not known`);
  }
}

function isSame(data: unknown, { lat, lon, spd, alt }: ReturnType<Route>, { lacks }: Protocol): boolean {
  if (typeof data !== 'object' || data === null) return false;
  const value = (name: string): unknown => Object.entries(data).find(([key]) => key === name)?.[1];
  const near = (name: string, expected: number) => {
    const found = value(name);
    return typeof found === 'number' && Math.abs(found - expected) <= CLOSE;
  };
  const isHigh = lacks.includes('alt') || value('alt') === alt;
  return near('lat', lat) && near('lon', lon) && value('spd') === spd && isHigh;
}

function iso(time: number): string {
  return encodeURIComponent(new Date(time).toISOString());
}
