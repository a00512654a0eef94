/** Readings of devices as they are asked for: limited to an area and to fields, or downsampled, in batches. */
import { seriesOf } from '../devices/device.js';
import { comparePositions, cursorAfter, type ManyPosition, type ManyReading, positionOf } from '../series/many.js';
import type { Series } from '../series/series.js';
import { lowestAt, parseUuid, uuidTime } from '../series/time-uuid.js';
import { createDownsampler, type Downsample, type Period, periodStart } from './downsample.js';
import { jsonOf } from './json.js';
import { isObject } from './numbers.js';
import { type Area, isWithin, placeIn } from './places.js';

export interface ReadingsQuery {
  /** UUIDs. */
  readonly devices: readonly string[];
  /** None: all types. */
  readonly types: readonly string[];
  /** UNIX ms, inclusive. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly order: 'newest' | 'oldest';
  /** Members of data to give; readings with none of them are left out. */
  readonly fields: readonly string[] | undefined;
  /** Readings with a place outside of it, or without one, are left out. */
  readonly area: Area | undefined;
  readonly downsample: Downsample | undefined;
}

/** A reading, or what those of a period come to. */
export interface Entry {
  /** UUID of the device. */
  readonly device: string;
  readonly type: string;
  /** UNIX ms; of a period its first millisecond. */
  readonly time: number;
  /** JSON text. */
  readonly data: string;
  /** The reading's id, null for a period. */
  readonly uuid: string | null;
  /** How many readings a period is computed from, null for a reading. */
  readonly count: number | null;
}

/**
 * Batches of what is asked for, those after the cursor `after`; between them the event loop gets a turn. `limit` is how
 * many will be taken, undefined: all. Throws `SeriesError` when first read from, and `TooManyGroups`.
 */
export async function* queryReadings(
  series: Series,
  query: ReadingsQuery,
  after?: string,
  limit?: number,
): AsyncIterable<readonly Entry[]> {
  const { order, downsample, fields, area } = query;
  const position = after === undefined ? undefined : positionOf(identity(query), order, after);
  const batches = series.readMany({
    ids: query.devices.map(seriesOf),
    types: query.types,
    order,
    expected: downsample || fields || area || limit === undefined ? undefined : limit + 2,
    ...(downsample && position ? wholePeriods(query, downsample, position) : { ...query, after: position }),
  });
  const wanted = filterOf(query);
  if (!downsample) {
    for await (const batch of batches) yield entries(batch, wanted);
    return;
  }
  const downsampler = createDownsampler(downsample, order);
  const rest = (periods: readonly Period[]) =>
    periods.map(periodEntry).filter((entry) => !position || comparePositions(placed(entry), position, order) > 0);
  for await (const batch of batches) {
    const complete: Entry[] = [];
    for (const reading of batch) {
      const data = wanted(reading.data);
      if (data !== null) complete.push(...rest(downsampler.take({ ...reading, data })));
    }
    yield complete;
  }
  yield rest(downsampler.end());
}

/** At most `limit` entries, and the cursor for those after them, or null: there are no more. */
export async function pageOfReadings(
  series: Series,
  query: ReadingsQuery,
  { limit, after }: { readonly limit: number; readonly after: string | undefined },
): Promise<{ entries: Entry[]; next: string | null }> {
  const page: Entry[] = [];
  for await (const batch of queryReadings(series, query, after, limit)) {
    for (const entry of batch) {
      const last = page.at(-1);
      if (page.length === limit && last) return { entries: page, next: cursorOf(query, last) };
      page.push(entry);
    }
  }
  return { entries: page, next: null };
}

function cursorOf(query: ReadingsQuery, last: Entry): string {
  return cursorAfter(identity(query), query.order, placed(last));
}

/** What a cursor belongs to: the rest of a query may change from page to page. */
function identity({ devices, types, downsample }: ReadingsQuery): readonly unknown[] {
  return [[...devices].sort(), [...types].sort(), downsample?.every ?? null, downsample?.aggregate ?? null];
}

function placed({ device, type, time, uuid }: Entry): ManyPosition {
  return { time: (uuid === null ? undefined : parseUuid(uuid)) ?? lowestAt(time), id: seriesOf(device), type };
}

/** The range from the period of a position on: that one is computed again for what comes after it there. */
function wholePeriods({ from, to, order }: ReadingsQuery, { every }: Downsample, { time }: ManyPosition) {
  const start = periodStart(uuidTime(time), every);
  return order === 'oldest'
    ? { from: Math.max(from ?? start, start), to }
    : { from, to: Math.min(to ?? start + every - 1, start + every - 1) };
}

const SERIES_PREFIX = seriesOf('').length;

function entries(batch: readonly ManyReading[], wanted: (data: string) => string | null): Entry[] {
  const found: Entry[] = [];
  for (const { id, type, time, data: whole, uuid } of batch) {
    const data = wanted(whole);
    if (data !== null) found.push({ device: id.slice(SERIES_PREFIX), type, time, data, uuid, count: null });
  }
  return found;
}

function periodEntry({ id, type, time, data, count }: Period): Entry {
  return { device: id.slice(SERIES_PREFIX), type, time, data, uuid: null, count };
}

/** What a query gives of the data (JSON text) of a reading, or null: nothing. */
export function filterOf({ fields, area }: Pick<ReadingsQuery, 'fields' | 'area'>): (data: string) => string | null {
  if (!fields && !area) return (data) => data;
  return (text) => {
    const data = jsonOf(text);
    const place = area && placeIn(data);
    if (area && (!place || !isWithin(place, area))) return null;
    return fields ? projected(data, fields) : text;
  };
}

function projected(data: unknown, fields: readonly string[]): string | null {
  if (!isObject(data)) return null;
  const given = fields.filter((field) => Object.hasOwn(data, field)).map((field) => [field, data[field]]);
  return given.length > 0 ? JSON.stringify(Object.fromEntries(given)) : null;
}
