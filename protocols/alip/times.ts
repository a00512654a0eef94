/** Dates as devices write them: how many digits there are says which form it is. All are UTC. */

/** Before this, UNIX ms, a date cannot be: the year 5000. */
export const LAST_TIME = Date.UTC(5000, 0, 1);

/**
 * UNIX ms, or null: no date. 10 or 11 digits are UNIX seconds, 12 `YYMMDDHHMMSS` of the years 2000 to 2099, 13 UNIX ms,
 * 14 `YYYYMMDDHHMMSS`.
 */
export function readTime(text: string): number | null {
  if (!DIGITS.test(text)) return null;
  switch (text.length) {
    case 10:
    case 11:
      return possible(Number(text) * 1_000);
    case 12:
      return calendarTime(2000 + Number(text.slice(0, 2)), text.slice(2));
    case 13:
      return possible(Number(text));
    case 14:
      return calendarTime(Number(text.slice(0, 4)), text.slice(4));
    default:
      return null;
  }
}

/** What is wrong with a date, for a person. */
export function timeProblem(text: string): string {
  return `Invalid time: ${text}, expected UNIX seconds (10 or 11 digits), UNIX ms (13), YYMMDDHHMMSS or YYYYMMDDHHMMSS`;
}

function possible(time: number): number | null {
  return time < LAST_TIME ? time : null;
}

/** `rest` is `MMDDHHMMSS`. Null where the calendar or the clock has no such moment. */
function calendarTime(year: number, rest: string): number | null {
  const part = (index: number) => Number(rest.slice(2 * index, 2 * index + 2));
  const [month, day, hour, minute, second] = [part(0) - 1, part(1), part(2), part(3), part(4)];
  if (year < 1970 || hour > 23 || minute > 59 || second > 59) return null;
  const time = Date.UTC(year, month, day, hour, minute, second);
  const date = new Date(time);
  return date.getUTCMonth() === month && date.getUTCDate() === day ? possible(time) : null;
}

const DIGITS = /^\d+$/;
