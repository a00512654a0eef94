/** Downsampling: what a type of readings was in each period, computed while they pass by. */
import { jsonOf } from './json.js';
import { isObject, MAX_MEMBERS, numberIn } from './numbers.js';

export const AGGREGATES = ['min', 'max', 'avg', 'first', 'last', 'count'] as const;
export type Aggregate = (typeof AGGREGATES)[number];

/** Types, of all devices, that one period is computed for at the most. */
export const MAX_GROUPS = 10_000;
/** Length of a period, in ms. */
export const LEAST_EVERY = 1_000;
export const MOST_EVERY = 366 * 86_400_000;

export interface Downsample {
  /** Length of a period in ms; periods are counted from 1970 on, in UTC. */
  readonly every: number;
  readonly aggregate: Aggregate;
}

export interface ReadingIn {
  readonly id: string;
  readonly type: string;
  /** UNIX ms. */
  readonly time: number;
  /** JSON text. */
  readonly data: string;
}

export interface Period {
  readonly id: string;
  readonly type: string;
  /** Its first millisecond, UNIX ms. */
  readonly time: number;
  /** JSON text. */
  readonly data: string;
  /** Readings that it is computed from. */
  readonly count: number;
}

/** More types in one period than are computed at once. */
export class TooManyGroups extends Error {
  constructor() {
    super(`more than ${MAX_GROUPS} types of readings lie in one period`);
    this.name = 'TooManyGroups';
  }
}

export interface Downsampler {
  /** Takes the next reading, in the order of time; gives the periods that are complete by it. Throws `TooManyGroups`. */
  take(reading: ReadingIn): readonly Period[];
  /** The last ones. */
  end(): readonly Period[];
}

/** `5m` in ms: a whole number of seconds, minutes, hours or days; null: it is none, or too short or too long. */
export function parseEvery(text: string): number | null {
  const [, count, unit] = /^([1-9]\d{0,7})([smhd])$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS.get(unit ?? '') ?? Number.NaN);
  return ms >= LEAST_EVERY && ms <= MOST_EVERY ? ms : null;
}

const UNITS = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
]);

/** The first millisecond of the period that a time (UNIX ms) lies in. */
export function periodStart(time: number, every: number): number {
  return Math.floor(time / every) * every;
}

/**
 * min, max and avg are of numbers: of data that is one, or of each member of data that is; other data is passed by.
 * first and last are the data of a whole reading.
 */
export function createDownsampler({ every, aggregate }: Downsample, order: 'newest' | 'oldest'): Downsampler {
  let start = Number.NaN;
  let groups = new Map<string, Group>();
  // Of readings that come the newest first, the first is the last one seen.
  const keepsFirstSeen = (aggregate === 'first') === (order === 'oldest');
  const create = () => createGroup(aggregate, keepsFirstSeen);

  function end(): Period[] {
    const ended: Period[] = [];
    for (const { id, type, values } of groups.values()) {
      const data = values.result();
      if (data !== undefined) ended.push({ id, type, time: start, data, count: values.count });
    }
    groups = new Map();
    const sign = order === 'oldest' ? 1 : -1;
    return ended.sort((a, b) => sign * (compareTexts(a.id, b.id) || compareTexts(a.type, b.type)));
  }

  return {
    end,
    take({ id, type, time, data }) {
      const of = periodStart(time, every);
      const ended = of === start ? NONE : end();
      start = of;
      const key = `${id}\0${type}`;
      let group = groups.get(key);
      if (!group) {
        if (groups.size >= MAX_GROUPS) throw new TooManyGroups();
        group = { id, type, values: create() };
        groups.set(key, group);
      }
      group.values.add(data);
      return ended;
    },
  };
}

const NONE: readonly Period[] = [];

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

interface Group {
  readonly id: string;
  readonly type: string;
  readonly values: Values;
}

/** What is known of the readings of one type in one period. */
interface Values {
  add(data: string): void;
  /** JSON text, or undefined: none of them said anything. */
  result(): string | undefined;
  readonly count: number;
}

function createGroup(aggregate: Aggregate, keepsFirstSeen: boolean): Values {
  switch (aggregate) {
    case 'count':
      return createCount();
    case 'first':
    case 'last':
      return createOne(keepsFirstSeen);
    default:
      return createNumbers(aggregate);
  }
}

function createCount(): Values {
  const values = {
    count: 0,
    add() {
      values.count++;
    },
    result: () => String(values.count),
  };
  return values;
}

function createOne(keepsFirstSeen: boolean): Values {
  let kept: string | undefined;
  const values = {
    count: 0,
    add(data: string) {
      values.count++;
      if (kept === undefined || !keepsFirstSeen) kept = data;
    },
    result: () => kept,
  };
  return values;
}

interface Running {
  least: number;
  greatest: number;
  sum: number;
  count: number;
}

function createNumbers(aggregate: 'min' | 'max' | 'avg'): Values {
  const own: Running = fresh();
  const members = new Map<string, Running>();

  function resultOf({ least, greatest, sum, count }: Running): number {
    if (aggregate === 'min') return least;
    return aggregate === 'max' ? greatest : sum / count;
  }

  const values = {
    count: 0,
    add(text: string) {
      const data = jsonOf(text);
      const number = numberIn(data);
      if (number !== null) {
        note(own, number);
        values.count++;
      } else if (isObject(data) && noteMembers(members, data)) values.count++;
    },
    result() {
      // Of a type that was a number and became an object within a period, the object is told.
      if (members.size > 0)
        return JSON.stringify(Object.fromEntries([...members].map(([name, running]) => [name, resultOf(running)])));
      return own.count > 0 ? JSON.stringify(resultOf(own)) : undefined;
    },
  };
  return values;
}

function noteMembers(members: Map<string, Running>, data: Readonly<Record<string, unknown>>): boolean {
  let noted = false;
  for (const [name, value] of Object.entries(data)) {
    const number = numberIn(value);
    if (number === null) continue;
    let running = members.get(name);
    if (!running) {
      if (members.size >= MAX_MEMBERS) continue;
      running = fresh();
      members.set(name, running);
    }
    note(running, number);
    noted = true;
  }
  return noted;
}

function fresh(): Running {
  return { least: Number.POSITIVE_INFINITY, greatest: Number.NEGATIVE_INFINITY, sum: 0, count: 0 };
}

function note(running: Running, number: number): void {
  running.least = Math.min(running.least, number);
  running.greatest = Math.max(running.greatest, number);
  running.sum += number;
  running.count++;
}
