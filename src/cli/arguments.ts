/** What the command line's words are taken for. */
import { InvalidArgumentError, Option } from 'commander';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `--limit`: entries at the most. */
export function limitOption(fallback: number): Option {
  return new Option('--limit <n>', 'entries at the most').argParser(wholeNumber).default(fallback);
}

export function jsonOption(): Option {
  return new Option('--json', 'one JSON object a line instead of a table');
}

/** `90s`, `10m`, `1h` or `7d` from `now` on (UNIX ms), or a date, as ISO 8601. */
export function dateFromNow(text: string, now: number): string {
  const match = /^(\d+)([smhd])$/.exec(text);
  const seconds = match ? Number(match[1]) * (SECONDS[match[2] ?? ''] ?? 0) : Number.NaN;
  const time = match ? now + seconds * 1_000 : Date.parse(text);
  if (Math.abs(time) <= 8.64e15) return new Date(time).toISOString();
  throw new InvalidArgumentError('It takes a time from now such as 90s, 10m, 1h or 7d, or a date in ISO 8601.');
}

export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError('It takes a whole number from 1.');
}
