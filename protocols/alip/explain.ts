/** Says line by line what text means, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { readLocation } from './locations.js';
import { decodeUtf8 } from './text.js';
import { readTime } from './times.js';
import { storedType } from './types.js';

/** Characters of a content that are shown. */
const MAX_SHOWN_TEXT = 100;

/** One line a line. One that is not whole is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const lines: Explanation[] = [];
  let at = 0;
  while (at < buffer.length) {
    const end = buffer.indexOf(0x0a, at);
    if (end === -1) {
      lines.push({ at, length: buffer.length - at, text: 'a line that is not whole' });
      break;
    }
    const text = decodeUtf8(buffer.subarray(at, end)) ?? buffer.toString('latin1', at, end);
    lines.push({ at, length: end + 1 - at, text: meaning(text.replace(/\r$/, ''), direction) });
    at = end + 1;
  }
  return lines;
}

type Form = readonly [pattern: RegExp, tell: (...fields: string[]) => string];

const fromDevice: readonly Form[] = [
  [/^ID (.*)$/s, (ident) => `identification as ${shown(ident)}`],
  [/^D echo (.*)$/s, (content) => `wants ${shown(content)} back`],
  [/^D (\S+) (.*)$/s, (type, content) => `a reading, dated now: ${reading(type, content)}`],
  [/^E (\S+) (\S+) (.*)$/s, (time, type, content) => `a reading of ${date(time)}: ${reading(type, content)}`],
  [/^J (\S+) (\S+) (.*)$/s, (time, type, json) => `a reading of ${date(time)}: ${type} = ${shown(json)}`],
  [/^A (.*)$/s, (n) => `is all before this durable? ${n}`],
  [/^B (.*)$/s, (n) => `here, answer to ${n}`],
  [/^T$/, () => 'what time is it?'],
  [/^S A (\S+) ?(.*)$/s, (name, value) => `acknowledges the setting ${name} = ${shown(value)}`],
  [/^S S (\S+) ?(.*)$/s, (name, value) => `reports the setting ${name} = ${shown(value)}`],
  [/^S U (.*)$/s, (name) => `does not know the setting ${name}`],
  [/^S G$/, () => 'asks for the settings that wait'],
  [/^S G (.*)$/s, (name) => `asks for the setting ${name}`],
  [/^S GA$/, () => 'asks for all settings'],
  [/^C L$/, () => 'asks for the commands that wait'],
  [/^C A (\d+)$/, (n) => `command ${n} is done`],
  [/^C A (\d+) (.*)$/s, (n, response) => `command ${n} is done: ${shown(response)}`],
  [/^F N (.*)$/s, (name) => `selects the file ${name}`],
  [/^F S$/, () => 'asks for the size of the file'],
  [/^F G (\d+) (\d+)$/, (offset, size) => `asks for ${size} bytes of the file from ${offset}`],
  [/^DB (.*)$/s, (request) => `debugging: ${shown(request)}`],
  [/^QUIT/, () => 'is about to close'],
];

const fromServer: readonly Form[] = [
  [/^ID 1$/, () => 'identification accepted'],
  [/^ID 0$/, () => 'identification refused'],
  [/^B (.*)$/s, (n) => `answer to ${n}: all before it is durable`],
  [/^A (.*)$/s, (n) => `are you there? ${n}`],
  [/^T (\d+)$/, (seconds) => `it is ${date(seconds.padStart(10, '0'))}`],
  [/^S S (\S+) ?(.*)$/s, (name, value) => `set the setting ${name} = ${shown(value)}`],
  [/^S GA$/, () => 'report all your settings'],
  [/^C (\d+) (.*)$/s, (n, text) => `run command ${n}: ${shown(text)}`],
  [/^F N (\d)$/, (known) => (known === '1' ? 'that file is there' : 'there is no such file')],
  [/^F S (\d+)$/, (size) => `the file has ${size} bytes`],
  [/^F G (\d+) (.*)$/s, (offset, hex) => `${hex.length / 2} bytes of the file from ${offset}`],
  [/^ERR (.*)$/s, (why) => `refused: ${why}`],
  [/^QUIT ?(.*)$/s, (why) => `about to close: ${why}`],
];

function meaning(line: string, direction: Direction): string {
  for (const [pattern, tell] of direction === 'device' ? fromDevice : fromServer) {
    const match = pattern.exec(line);
    if (match) return tell(...match.slice(1));
  }
  return line === '' ? 'an empty line' : `a line of no known form: ${shown(line)}`;
}

function reading(sent: string, content: string): string {
  if (sent === 'L') return `sen:loc = ${location(content)}`;
  const [time = ''] = content.split(',', 1);
  if (sent === 'G') return `sen:loc of ${date(time)} = ${location(content.slice(time.length + 1))}`;
  return `${storedType(sent).type} = ${shown(content)}`;
}

function location(content: string): string {
  const { data, problem } = readLocation(content);
  return data ?? problem ?? '';
}

function date(text: string): string {
  const time = readTime(text);
  return time === null ? `the impossible time ${shown(text)}` : new Date(time).toISOString();
}

function shown(text: string): string {
  const part = text.slice(0, MAX_SHOWN_TEXT);
  return JSON.stringify(part) + (part.length < text.length ? `… ${text.length} characters` : '');
}
