/** What is stored of a report. */
import { isBuffered } from '../clock.js';
import { deviceDate } from '../device-date.js';
import { coordinatesProblem, fixData } from '../location.js';
import type { NewReading, Oddity } from '../protocol.js';
import { BadRequest, type Place } from './report.js';

export interface Told {
  readonly readings: NewReading[];
  readonly odd: { readonly what: Oddity; readonly why: string }[];
}

/** The readings of places. Throws `BadRequest` where a place or a date cannot be: then nothing is stored. */
export function readingsOf(places: readonly Place[], clockOffset: number, now: number): Told {
  const told: Told = { readings: [], odd: [] };
  for (const { timestamp, fix, values } of places) {
    let time: number | null = null;
    if (timestamp !== null) {
      const date = deviceDate(momentOf(timestamp), clockOffset, now, timestamp.slice(0, 40));
      if (date.odd) told.odd.push(date.odd);
      time = date.time;
    }
    const add = (type: string, data: string) => told.readings.push({ type, time, data, listed: null });
    if (fix) {
      const problem = coordinatesProblem(fix.lat, fix.lon);
      if (problem !== null) throw new BadRequest(problem);
      add('sen:loc', fixData(fix));
    }
    if (time !== null && isBuffered(time, now)) add('sen:buffered', 'true');
    for (const [type, data] of values) add(type, data);
  }
  return told;
}

/** UNIX ms of a date as UNIX seconds, milliseconds, or ISO 8601 (without a zone: UTC). */
function momentOf(text: string): number {
  const number = /^\d{1,14}(\.\d{1,9})?$/.test(text) ? Number(text) : null;
  const time = number === null ? isoMoment(text) : Math.round(number < SECONDS_BELOW ? number * 1_000 : number);
  if (time >= 0 && time <= LAST_DATE) return time;
  throw new BadRequest(
    `timestamp: ${JSON.stringify(text.slice(0, 40))} is no date, expected UNIX seconds or milliseconds, or ISO 8601`,
  );
}

/** A number below is in seconds: as milliseconds it would be a day of 1973. */
const SECONDS_BELOW = 1e11;
const LAST_DATE = Date.UTC(2100, 0);

function isoMoment(text: string): number {
  const [, date, time, zone = 'Z'] = ISO.exec(text) ?? [];
  return date !== undefined && time !== undefined ? Date.parse(`${date}T${time}${zone}`) : Number.NaN;
}

const ISO = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d:\d\d)?$/;
