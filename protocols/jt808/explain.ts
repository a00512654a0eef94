/** Says frame by frame what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { readAttributes, readRegistration } from './bodies.js';
import { type Frame, FrameReader, readContent } from './frames.js';
import { readGbk } from './gbk.js';
import { idText, MESSAGE, resultText } from './ids.js';
import { readRecord } from './location.js';
import { type Message, phoneOf, readMessage } from './messages.js';
import { readParameters, settingOf } from './parameters.js';
import { readBatch } from './records.js';
import { CLOCK_OFFSET } from './session.js';

/** Bytes, characters and records that are shown. */
const MAX_SHOWN = 60;
const MAX_SHOWN_RECORDS = 20;

/** One line a frame. One that is not whole is the last. Never throws. */
export function explain(bytes: Uint8Array, _: Direction): Explanation[] {
  const reader = new FrameReader();
  const lines: Explanation[] = [];
  let at = 0;
  reader.push(bytes);
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    lines.push({ at: frame.at, length: frame.length, text: frameText(frame) });
    at = frame.at + frame.length;
  }
  if (at < bytes.length)
    lines.push({
      at,
      length: bytes.length - at,
      text: reader.tooLong ? 'protocol error: a frame that is too long' : 'a frame that is not whole',
    });
  return lines;
}

function frameText({ raw }: Frame): string {
  const content = readContent(raw);
  if (typeof content === 'string') return `malformed: ${content}`;
  const message = readMessage(content);
  if (message === null) return 'malformed: a message shorter than its header';
  const { id, serial, part, terminal } = message;
  const phone = phoneOf(terminal);
  const who = 'digits' in phone ? phone.digits : terminal.phone.toString('hex');
  const version = terminal.version === null ? '' : ` (2019, version ${terminal.version})`;
  const piece = part === null ? '' : `, sub-package ${part.number} of ${part.total}`;
  return `${idText(id)} ${meaning(message)}${piece}; number ${serial} of ${who}${version}`;
}

function meaning(message: Message): string {
  if (message.encrypted) return 'encrypted';
  if (message.problem !== null) return `malformed: ${message.problem}`;
  if (message.part !== null) return shown(message.body);
  return tellers.get(message.id)?.(message) ?? `of no known kind: ${shown(message.body)}`;
}

type Teller = (message: Message) => string;

const tellers: ReadonlyMap<number, Teller> = new Map<number, Teller>([
  [MESSAGE.answer, ({ body }) => answerText(body)],
  [MESSAGE.heartbeat, () => 'heartbeat'],
  [MESSAGE.logOut, () => 'logs out'],
  [
    MESSAGE.register,
    ({ body, terminal }) => `registration: ${facts(readRegistration(body, terminal.version !== null))}`,
  ],
  [MESSAGE.authenticate, ({ body, terminal }) => `authentication: ${code(body, terminal.version !== null)}`],
  [MESSAGE.parameters, ({ body }) => `answer to ${number(body)}: ${parameters(body.subarray(3))}`],
  [MESSAGE.attributes, ({ body, terminal }) => `attributes: ${facts(readAttributes(body, terminal.version !== null))}`],
  [MESSAGE.time, () => 'what time is it?'],
  [MESSAGE.location, ({ body }) => `location: ${record(body)}`],
  [MESSAGE.askedLocation, ({ body }) => `answer to ${number(body)}, location: ${record(body.subarray(2))}`],
  [MESSAGE.batch, ({ body }) => batch(body)],
  [MESSAGE.platformAnswer, ({ body }) => answerText(body)],
  [
    MESSAGE.registered,
    ({ body }) =>
      body[2] === 0
        ? `registration ${number(body)} accepted, code ${JSON.stringify(readGbk(body.subarray(3)) ?? '')}`
        : `registration ${number(body)} refused, result ${body[2] ?? '?'}`,
  ],
  [MESSAGE.setParameters, ({ body }) => `set: ${parameters(body.subarray(1))}`],
  [MESSAGE.askParameters, () => 'report all your parameters'],
  [MESSAGE.control, ({ body }) => `control ${body[0] ?? '?'} ${readGbk(body.subarray(1)) ?? ''}`.trim()],
  [MESSAGE.timeIs, ({ body }) => `it is ${time(body)}`],
  [MESSAGE.askLocation, () => 'where are you?'],
  [MESSAGE.text, ({ body }) => `text: ${JSON.stringify((readGbk(body.subarray(1)) ?? '').slice(0, MAX_SHOWN))}`],
]);

function answerText(body: Buffer): string {
  if (body.length < 5) return `answer, too short: ${shown(body)}`;
  return `answer to ${number(body)}, ${idText(body.readUInt16BE(2))}: ${resultText(body[4] ?? 0)}`;
}

function number(body: Buffer): string {
  return body.length < 2 ? '?' : String(body.readUInt16BE(0));
}

function time(body: Buffer): string {
  if (body.length < 7) return shown(body);
  const two = (at: number) => String(body[at] ?? 0).padStart(2, '0');
  return `${body.readUInt16BE(0)}-${two(2)}-${two(3)} ${two(4)}:${two(5)}:${two(6)}, by the device's clock`;
}

function facts(all: readonly (readonly [string, string])[] | null): string {
  return all === null ? 'too short' : all.map(([name, value]) => `${name} ${JSON.stringify(value)}`).join(', ');
}

function code(body: Buffer, since2019: boolean): string {
  return JSON.stringify(readGbk(since2019 ? body.subarray(1, 1 + (body[0] ?? 0)) : body) ?? shown(body));
}

function parameters(bytes: Buffer): string {
  const list = readParameters(bytes);
  if (list === null) return `malformed: ${shown(bytes)}`;
  return list
    .map(settingOf)
    .map(({ name, value }) => `${name}=${value}`)
    .join(', ');
}

function batch(body: Buffer): string {
  const records = readBatch(body);
  if (records === null) return `batch, malformed: ${shown(body)}`;
  const more = records.length > MAX_SHOWN_RECORDS ? `; … ${records.length} records` : '';
  const list = records.slice(0, MAX_SHOWN_RECORDS).map(record);
  return `batch${body[2] === 1 ? ' of what was kept' : ''}: ${list.join('; ')}${more}`;
}

function record(body: Buffer): string {
  const read = readRecord(body, { clockOffset: CLOCK_OFFSET, now: 0, buffered: false, before: 0 });
  if (read === null) return `too short: ${shown(body)}`;
  const date = read.time === null ? 'a date that cannot be' : new Date(read.time).toISOString();
  return `${date} ${read.readings.map(({ type, data }) => `${type} ${data}`).join(', ')}`;
}

function shown(bytes: Buffer): string {
  return bytes.toString('hex', 0, MAX_SHOWN) + (bytes.length > MAX_SHOWN ? `… ${bytes.length} bytes` : '');
}
