/** Reads session files; the format is described in fixtures/README.md. */
import { readFile, stat } from 'node:fs/promises';
import { literalBytes, PayloadError, parsePayload } from './payload.js';
import {
  type Given,
  MAX_OFFSET,
  MAX_SESSION_BYTES,
  type Part,
  type Session,
  type SessionEvent,
  SessionFileError,
} from './session-file.js';

/** Reads a session file. Rejects with `SessionFileError` when it is none, with the system's error when it is away. */
export async function readSession(file: string): Promise<Session> {
  const { size } = await stat(file);
  if (size > MAX_SESSION_BYTES)
    throw new SessionFileError(file, 0, `has ${size} bytes, a session takes at most ${MAX_SESSION_BYTES}`);
  return parseSession(await readFile(file, 'utf8'), file);
}

/** Reads the text of a session; `file` is its name in errors. Throws `SessionFileError`. */
export function parseSession(text: string, file: string): Session {
  const draft: Draft = { protocol: null, transport: null, title: null, given: [], events: [] };
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    try {
      parseLine(line.trim(), index + 1, draft);
    } catch (error) {
      if (error instanceof PayloadError) throw new SessionFileError(file, index + 1, error.message);
      throw error;
    }
  }
  if (draft.protocol === null) throw new SessionFileError(file, 0, 'lacks a line such as "@protocol m2mp"');
  if (draft.title === null) throw new SessionFileError(file, 0, 'lacks a line "@title one sentence"');
  const { protocol, transport, title, given, events } = draft;
  return { protocol, transport: transport ?? 'tcp', title, given, events };
}

interface Draft {
  protocol: string | null;
  transport: 'tcp' | 'udp' | null;
  title: string | null;
  given: Given[];
  events: SessionEvent[];
}

function parseLine(line: string, number: number, draft: Draft): void {
  if (line === '' || line.startsWith('#')) return;
  if (line.startsWith('@')) parseDirective(line, draft);
  else draft.events.push(parseEvent(line, number, draft));
}

function parseDirective(line: string, draft: Draft): void {
  if (draft.events.length > 0)
    throw new PayloadError(`${shorten(line)} stands behind an event, it takes a line before`);
  const [, name = '', rest = ''] = /^@(\S*)\s*(.*)$/.exec(line) ?? [];
  if (name === 'protocol')
    draft.protocol = once(
      '@protocol',
      draft.protocol,
      matching(withoutComment(rest), NAME, '@protocol', 'm2mp or alip'),
    );
  else if (name === 'title')
    draft.title = once('@title', draft.title, matching(rest, /^.+$/, '@title', 'one sentence'));
  else if (name === 'transport')
    draft.transport = once(
      '@transport',
      draft.transport,
      matching(withoutComment(rest), /^(?:tcp|udp)$/, '@transport', 'tcp or udp') === 'udp' ? 'udp' : 'tcp',
    );
  else if (name === 'given') draft.given.push(parseGiven(rest));
  else throw new PayloadError(`"@${name}" is not valid, a directive is @protocol, @transport, @title or @given`);
}

function parseGiven(text: string): Given {
  const [, kind = '', rest = ''] = /^(\S*)\s*(.*)$/.exec(text) ?? [];
  switch (kind) {
    case 'setting': {
      const [, name = '', value = ''] = matched(rest, /^([^=\s]+)=(.*)$/, '@given setting', 'NAME=VALUE');
      return { given: 'setting', name, value: givenText(value) };
    }
    case 'command': {
      const [, id = '', command = ''] = matched(rest, COMMAND, '@given command', 'UUID TEXT');
      return { given: 'command', id: id.toLowerCase(), text: givenText(command) };
    }
    case 'option':
      matching(withoutComment(rest), /^debug$/, '@given option', 'debug');
      return { given: 'option', name: 'debug' };
    case 'firmware': {
      const [, name = '', content = ''] = matched(rest, /^(\S+)\s+(.*)$/, '@given firmware', 'NAME HEX');
      const bytes = literalBytes(parsePayload(content).parts);
      if (!bytes?.length) throw new PayloadError(`"${shorten(content)}" is not valid, @given firmware takes NAME HEX`);
      return { given: 'firmware', name, content: bytes };
    }
    default:
      throw new PayloadError(`"${kind}" is not valid, @given takes setting, command, option or firmware`);
  }
}

function parseEvent(line: string, number: number, { events: before, transport }: Draft): SessionEvent {
  const [, seconds = '', arrow = '', rest = ''] = /^(\S+)\s+([<>])\s+(.*)$/.exec(line) ?? [];
  if (!arrow)
    throw new PayloadError(`${shorten(line)} is not valid, a line is "# comment", "@directive" or "seconds > payload"`);
  const at = parseSeconds(seconds);
  const from = arrow === '>' ? 'device' : 'server';
  checkOrder(at, from, before);
  const close = /^close\s*(?:#\s*(.*))?$/.exec(rest);
  if (close && transport === 'udp') throw new PayloadError('close is not valid over UDP, which has no connections');
  if (close) return { at, from, line: number, does: 'close', comment: close[1] ?? '' };
  const { parts, comment } = parsePayload(rest);
  checkWildcards(parts, from);
  return { at, from, line: number, does: parts, comment };
}

function parseSeconds(text: string): number {
  const [, whole = '', fraction = ''] = matched(
    text,
    /^(\d{1,7})(?:\.(\d{1,3}))?$/,
    'the time',
    'seconds such as 1.250',
  );
  const at = Number(whole) * 1000 + Number(fraction.padEnd(3, '0'));
  if (at > MAX_OFFSET) throw new PayloadError(`the time ${text} is over the limit of ${MAX_OFFSET / 1000} seconds`);
  return at;
}

function checkOrder(at: number, from: SessionEvent['from'], before: readonly SessionEvent[]): void {
  const last = before.at(-1);
  if (last && at < last.at)
    throw new PayloadError(`the time goes back from ${last.at / 1000} to ${at / 1000}, events take their order`);
  const closed = before.findLast((event) => event.does === 'close');
  if (closed && (closed.from === from || closed.from === 'server'))
    throw new PayloadError(
      `an event of the ${from} stands behind the close of line ${closed.line}, it takes a line before`,
    );
}

function checkWildcards(parts: readonly Part[], from: SessionEvent['from']): void {
  if (parts.length === 0) throw new PayloadError('the payload is empty, it takes hex pairs, "text" or close');
  if (from === 'device' && parts.some(({ part }) => part !== 'bytes'))
    throw new PayloadError('a wildcard is not valid in what the device sends, it takes the bytes themselves');
  if (parts.some(({ part }, i) => part === 'anyRun' && parts[i + 1]?.part !== 'bytes'))
    throw new PayloadError('{*} takes the bytes up to which it matches behind it');
}

/** The value of a setting or command: as it stands up to a comment, or in quotes; escapes hold in both. */
function givenText(text: string): string {
  const quoted = text.startsWith('"') ? text : `"${withoutComment(text).replace(IN_QUOTES, quoteBare)}"`;
  const { parts } = parsePayload(quoted);
  const bytes = literalBytes(parts);
  if (!bytes) throw new PayloadError(`${shorten(text)} is not valid, @given takes no wildcards`);
  return Buffer.from(bytes).toString('utf8');
}

/** What a bare text must not bring into quotes by itself; escapes are left as they are. */
const IN_QUOTES = /\\.|"|\{(?=\*\})/g;

function quoteBare(found: string): string {
  if (found === '"') return '\\"';
  return found === '{' ? '\\x7b' : found;
}

const NAME = /^[a-z][a-z0-9-]*$/;
const COMMAND = /^([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})\s+(.+)$/;

function withoutComment(text: string): string {
  return text.replace(/(^|\s)#.*$/, '').trim();
}

function matching(text: string, pattern: RegExp, what: string, takes: string): string {
  return matched(text, pattern, what, takes)[0];
}

function matched(text: string, pattern: RegExp, what: string, takes: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new PayloadError(`${shorten(text)} is not valid, ${what} takes ${takes}`);
  return found;
}

function once<T extends string>(what: string, before: T | null, value: T): T {
  if (before !== null) throw new PayloadError(`${what} stands twice, a session takes one`);
  return value;
}

function shorten(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
