/** `D`, `E` and `J`: readings. The path of nearly every line. */
import { type Conversation, cut, refuse, say } from './conversation.js';
import { readLocation } from './locations.js';
import { jsonOf } from './text.js';
import { readTime, timeProblem } from './times.js';
import { storedType, typeProblem } from './types.js';

/** `D <type> <content>`: dated when it arrives. */
export function takeReading(conversation: Conversation, rest: string): void {
  const space = rest.indexOf(' ');
  if (space === -1) return refuse(conversation, `Missing content: ${rest}, expected D <type> <content>`);
  take(conversation, null, rest.slice(0, space), rest.slice(space + 1));
}

/** `E <time> <type> <content>`: with the device's own date. */
export function takeDatedReading(conversation: Conversation, rest: string): void {
  const first = rest.indexOf(' ');
  const second = rest.indexOf(' ', first + 1);
  if (first === -1 || second === -1)
    return refuse(conversation, `Missing content: ${rest}, expected E <time> <type> <content>`);
  const text = rest.slice(0, first);
  const time = readTime(text);
  if (time === null) return refuse(conversation, timeProblem(text), 'invalid_time');
  take(conversation, time, rest.slice(first + 1, second), rest.slice(second + 1));
}

/** `J <time> <type> <json>`: any JSON value, kept as it was written. */
export function takeJson(conversation: Conversation, rest: string): void {
  const [timeText, behind] = cut(rest);
  const [type, data] = cut(behind ?? '');
  if (data === null) return refuse(conversation, `Missing content: ${rest}, expected J <time> <type> <json>`);
  const time = readTime(timeText);
  if (time === null) return refuse(conversation, timeProblem(timeText), 'invalid_time');
  const problem = rawProblem(conversation, type) ?? typeProblem(type);
  if (problem !== null) return refuse(conversation, problem);
  if (conversation.reader.raw || !isJson(data))
    return refuse(conversation, `Invalid JSON: ${data.slice(0, 40)}, expected one JSON value in UTF-8`, 'malformed');
  store(conversation, type, time, data.trim(), null);
}

function take(conversation: Conversation, time: number | null, sent: string, content: string): void {
  const { raw } = conversation.reader;
  if (sent === 'L') return takeLocation(conversation, time, content);
  if (sent === 'G') return takeLocationWithTime(conversation, content);
  if (sent === 'echo')
    return raw ? refuse(conversation, NOT_UTF8, 'malformed') : say(conversation, `D echo ${content}`);
  const problem = rawProblem(conversation, sent) ?? typeProblem(sent);
  if (problem !== null) return refuse(conversation, problem);
  const { type, listed } = storedType(sent);
  store(conversation, type, time, jsonOf(content, raw), listed);
}

function takeLocation(conversation: Conversation, time: number | null, content: string): void {
  const { data, problem } = readLocation(content);
  if (problem !== null) return refuse(conversation, problem, 'invalid_location');
  store(conversation, 'sen:loc', time, data, null);
}

/** `time,lat,lon[,spd[,alt]]` */
function takeLocationWithTime(conversation: Conversation, content: string): void {
  const comma = content.indexOf(',');
  const text = comma === -1 ? content : content.slice(0, comma);
  const time = readTime(text);
  if (time === null) return refuse(conversation, timeProblem(text), 'invalid_time');
  if (comma === -1)
    return refuse(conversation, `Invalid location: ${content}, expected time,lat,lon[,spd[,alt]]`, 'invalid_location');
  takeLocation(conversation, time, content.slice(comma + 1));
}

function store(
  conversation: Conversation,
  type: string,
  time: number | null,
  data: string,
  listed: string | null,
): void {
  conversation.effects.push({ do: 'store', reading: { type, time, data, listed } });
}

/** A type whose bytes are no UTF-8 cannot be told from another. */
function rawProblem(conversation: Conversation, type: string): string | null {
  return conversation.reader.raw && NOT_ASCII.test(type) ? 'Invalid type: it is not UTF-8' : null;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const NOT_UTF8 = 'Invalid content: it is not UTF-8';
const NOT_ASCII = /[^\0-\x7f]/;
