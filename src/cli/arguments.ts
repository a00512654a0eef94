/** What the command line's words are taken for. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addConnectionOptions, CliError } from './client.js';
import { EXIT } from './exit-codes.js';
import { escaped } from './table.js';

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** `--limit`: entries at the most. */
export function limitOption(fallback: number): Option {
  return new Option('--limit <n>', 'entries at the most').argParser(wholeNumber).default(fallback);
}

export function jsonOption(): Option {
  return new Option('--json', 'one JSON object a line instead of a table');
}

/** Adds a verb whose actions ask the API and print tables, or JSON with `--json`. */
export function addApiVerb(program: Command, name: string, description: string): Command {
  const verb = addConnectionOptions(program.command(name).description(description)).addOption(jsonOption());
  return refuseUnknownActions(verb);
}

/** Refuses a word that is none of a verb's actions, which its default action would otherwise be blamed for. */
export function refuseUnknownActions(verb: Command): Command {
  return verb.hook('preSubcommand', (_, action) => {
    const [word] = verb.args;
    if (word === undefined || word.startsWith('-') || word === action.name()) return;
    const known = verb.commands.map((command) => command.name()).join(', ');
    throw new CliError(
      `"m2mp ${verb.name()} ${escaped(word)}" is unknown; after ${verb.name()} it takes ${known}`,
      EXIT.usage,
    );
  });
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

/** A time such as `500ms`, `20s`, `5m` or `1h`, in milliseconds. */
export function milliseconds(text: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|[smhd])$/.exec(text) ?? [];
  const value = Number(number) * (unit === 'ms' ? 1 : (SECONDS[unit ?? ''] ?? Number.NaN) * 1_000);
  if (value > 0) return value;
  throw new InvalidArgumentError('It takes a time such as 500ms, 20s, 5m or 1h.');
}

/** `HOST:PORT`, `[IPv6]:PORT` or `:PORT` of this machine. */
export function hostAndPort(text: string): { readonly host: string; readonly port: number } {
  const [, v6, host, port] = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (Number(port) > 0 && Number(port) <= 65_535) return { host: v6 || host || '127.0.0.1', port: Number(port) };
  throw new InvalidArgumentError('It takes HOST:PORT, such as 127.0.0.1:3010.');
}
