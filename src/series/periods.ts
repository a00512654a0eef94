/** Periods: the buckets of a series, `2026-11` a month or `2026-11-20` a day, in UTC. */

export type PeriodKind = 'month' | 'day';

const DAY_MS = 86_400_000;

/** Gives the period of a time (UNIX ms). Remembers the last one: readings come in runs of the same period. */
export function createPeriods(kind: PeriodKind): (timeMs: number) => string {
  let from = 0;
  let until = 0;
  let period = '';
  return (timeMs) => {
    if (timeMs >= from && timeMs < until) return period;
    period = periodOf(timeMs, kind);
    [from, until] = boundsOf(period);
    return period;
  };
}

export function periodOf(timeMs: number, kind: PeriodKind): string {
  return new Date(timeMs).toISOString().slice(0, kind === 'month' ? 7 : 10);
}

/** The first millisecond of a period, and the first one after it. */
export function boundsOf(period: string): [from: number, until: number] {
  const [year = 0, month = 0, day] = period.split('-').map(Number);
  if (day !== undefined) {
    const from = Date.UTC(year, month - 1, day);
    return [from, from + DAY_MS];
  }
  return [Date.UTC(year, month - 1), Date.UTC(year, month)];
}

/** Whether the text names a month or a day that exists. */
export function isPeriod(text: string): boolean {
  if (!/^\d{4}-\d\d(-\d\d)?$/.test(text)) return false;
  const [from] = boundsOf(text);
  return periodOf(from, text.length === 7 ? 'month' : 'day') === text;
}

/** A month: its own period, where there is one, and the periods of its days, ascending. They can coexist. */
export interface Month {
  readonly month: string;
  readonly whole: boolean;
  readonly days: readonly string[];
}

/** Periods grouped by months, in ascending order, those that reach into `from` to `to` (UNIX ms, inclusive). */
export function monthsOf(periods: readonly string[], from: number | undefined, to: number | undefined): Month[] {
  const months = new Map<string, { whole: boolean; days: string[] }>();
  for (const period of periods.filter((one) => overlaps(one, from, to)).sort()) {
    const month = period.slice(0, 7);
    const entry = months.get(month) ?? { whole: false, days: [] };
    months.set(month, entry);
    if (period === month) entry.whole = true;
    else entry.days.push(period);
  }
  return [...months].map(([month, { whole, days }]) => ({ month, whole, days }));
}

/** Whether a period reaches into `from` to `to` (UNIX ms, inclusive). */
export function overlaps(period: string, from: number | undefined, to: number | undefined): boolean {
  const [first, until] = boundsOf(period);
  return (from === undefined || until > from) && (to === undefined || first <= to);
}
