/** What is stored of a record: its location, why it was made, and each input and output. */
import { isBuffered } from '../clock.js';
import { deviceDate } from '../device-date.js';
import { coordinatesProblem, fixData } from '../location.js';
import type { NewReading, Oddity } from '../protocol.js';
import { hexJson, INVALID } from '../raw.js';
import { ioReading, PARTS } from './ios.js';
import type { AvlRecord, IoValue } from './records.js';

/** A date beyond is none: the year 2100, UNIX ms. */
const LAST_DATE = Date.UTC(2100, 0);

/** What is to be stored of a record, and what is odd about it. */
export interface Told {
  readonly readings: NewReading[];
  readonly odd: { readonly what: Oddity; readonly why: string }[];
}

/** `clockOffset`: minutes that the device's clock is ahead of UTC; `now`: UNIX ms. */
export function readingsOf(record: AvlRecord, clockOffset: number, now: number): Told {
  const { lat, lon, sat, event, priority, generation } = record;
  const { parts, values } = partsOf(record);
  const { time, odd } = deviceDate(
    record.time <= LAST_DATE ? record.time : null,
    clockOffset,
    now,
    `${record.time} ms`,
  );
  const told: Told = { readings: [], odd: odd ? [odd] : [] };
  const add = (type: string, data: string) => told.readings.push({ type, time, data, listed: null });

  const problem = coordinatesProblem(lat, lon);
  if (problem !== null) {
    told.odd.push({ what: 'invalid_location', why: problem });
    add(INVALID, hexJson(record.bytes));
  } else if (lat !== 0 || lon !== 0) add('sen:loc', locationOf(record, parts.get(PARTS.hdop)));
  // To the centimetre at 0, 0 nobody is: satellites are seen, and there is no fix yet.
  else if (sat > 0) add('sen:loc', JSON.stringify({ sat, valid: false }));
  // A reading of its own, so that a location which comes again later is the same as before.
  if (time !== null && isBuffered(time, now)) add('sen:buffered', 'true');
  if (event !== 0 || priority !== 0)
    add('sen:event', JSON.stringify({ io: event, priority, ...(generation !== null && { generation }) }));
  const cell = cellOf(parts);
  if (cell !== null) add('sen:cell', cell);
  for (const { id, bytes } of values) {
    const { type, data } = ioReading(id, bytes);
    add(type, data);
  }
  return told;
}

const PART_IDS: ReadonlySet<number> = new Set(Object.values(PARTS));
/** Bytes of a part, at the most. */
const MAX_PART_BYTES = 4;

/** The values that are told together with others, by id, and those that stand for themselves. */
function partsOf({ values }: AvlRecord): { parts: ReadonlyMap<number, number>; values: readonly IoValue[] } {
  if (!values.some(isPart)) return { parts: NO_PARTS, values };
  const parts = values.filter(isPart).map(({ id, bytes }) => [id, bytes.readUIntBE(0, bytes.length)] as const);
  return { parts: new Map(parts), values: values.filter((value) => !isPart(value)) };
}

const NO_PARTS: ReadonlyMap<number, number> = new Map();

function isPart({ id, bytes }: IoValue): boolean {
  return PART_IDS.has(id) && bytes.length > 0 && bytes.length <= MAX_PART_BYTES;
}

function locationOf({ lat, lon, alt, head, sat, spd }: AvlRecord, hdop: number | undefined): string {
  return fixData({ lat, lon, spd, alt, head, sat, valid: sat > 0, ...(hdop !== undefined && { hdop: hdop / 10 }) });
}

/** The cell, as far as it is known; an operator is its country in three digits and its network behind them. */
function cellOf(parts: ReadonlyMap<number, number>): string | null {
  const operator = parts.get(PARTS.operator);
  const [lac, cid] = [parts.get(PARTS.area), parts.get(PARTS.cell)];
  if (operator === undefined && lac === undefined && cid === undefined) return null;
  const [, mcc, mnc] = /^(\d{3})(\d{2,3})$/.exec(String(operator ?? '')) ?? [];
  return JSON.stringify({ ...(mcc && mnc && { mcc: Number(mcc), mnc: Number(mnc) }), lac, cid });
}
