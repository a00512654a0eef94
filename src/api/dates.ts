/** Dates as the API takes and gives them: ISO 8601. */
import { Type } from 'typebox';
import { badField } from './problem.js';

const PATTERN =
  '^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?$';

const TAKES = 'a date in ISO 8601 such as 2026-11-20T12:30:00.000Z or 2026-11-20, UTC unless it names a zone';

/** A date, UTC where it names no zone. */
export const DateText = Type.String({
  pattern: PATTERN,
  maxLength: 40,
  description: TAKES,
  examples: ['2026-11-20T12:30:00.000Z'],
});

/** Whether text is a date that `parseDate` takes. */
export function isDateText(text: string): boolean {
  return new RegExp(PATTERN).test(text);
}

/** A date as it is given out: UTC, with milliseconds. */
export const DateGiven = Type.String({ format: 'date-time', examples: ['2026-11-20T12:30:00.000Z'] });

const DAY = 86_400_000;

/**
 * A date that fits `DateText` in UNIX ms; a day alone is its first or, with `end`, its last millisecond. Throws a
 * `Problem` naming the field when there is no such date, such as February 30.
 */
export function parseDate(field: string, text: string, end = false): number {
  const isDay = !text.includes('T');
  const hasZone = isDay || /(Z|[+-]\d{2}:\d{2})$/.test(text);
  const time = Date.parse(hasZone ? text : `${text}Z`);
  // Date.parse rolls over days that a month lacks.
  const day = Number(text.slice(8, 10));
  const exists = new Date(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)).getUTCDate() === day;
  if (!Number.isFinite(time) || !exists) throw badField(field, text, TAKES);
  return isDay && end ? time + DAY - 1 : time;
}

/** UNIX ms as ISO 8601 in UTC with milliseconds. */
export function isoDate(time: number): string {
  return new Date(time).toISOString();
}

/** A date as it is given out, or null: there is none. */
export const DateOrNull = Type.Union([DateGiven, Type.Null()]);

export function dateOrNull(time: number | null): string | null {
  return time === null ? null : isoDate(time);
}
