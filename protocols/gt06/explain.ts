/** Says frame by frame what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { FrameReader, type Packet } from './frames.js';
import { readInformation } from './information.js';
import { readRecord } from './location.js';
import { ALARMS, LOCATIONS, numberText, PROTOCOL } from './numbers.js';
import { alarmReadings, readState } from './state.js';
import { readCommand, readEncodedText, readLogin, readText, type Text } from './texts.js';

/** Bytes and characters that are shown. */
const MAX_SHOWN = 60;

/** One line a frame. One that is not whole is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const reader = new FrameReader();
  const lines: Explanation[] = [];
  let at = 0;
  reader.push(bytes);
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    const { packet } = frame;
    const text = typeof packet === 'string' ? `malformed: ${packet}` : packetText(packet, direction);
    lines.push({ at: frame.at, length: frame.length, text });
    at = frame.at + frame.length;
  }
  const length = bytes.length - at;
  const text = reader.tooLong ? 'protocol error: no end of a frame' : 'a frame that is not whole';
  if (length > 0) lines.push({ at, length, text });
  return lines;
}

function packetText(packet: Packet, direction: Direction): string {
  const what = direction === 'device' ? said(packet) : told(packet);
  return `${numberText(packet.protocol)} ${what}; number ${packet.serial}`;
}

function said({ protocol, content }: Packet): string {
  if (LOCATIONS.has(protocol)) return `location: ${record(protocol, content)}`;
  if (ALARMS.has(protocol)) return `alarm: ${record(protocol, content)}`;
  switch (protocol) {
    case PROTOCOL.login:
      return login(content);
    case PROTOCOL.heartbeat:
    case PROTOCOL.extendedHeartbeat:
      return `heartbeat: ${state(content)}`;
    case PROTOCOL.text:
      return answer(readText(content), content);
    case PROTOCOL.encodedText:
      return answer(readEncodedText(content), content);
    case PROTOCOL.time:
      return 'what time is it?';
    case PROTOCOL.information:
      return `information: ${information(content)}`;
    default:
      return `of no known kind: ${shown(content)}`;
  }
}

function told({ protocol, content }: Packet): string {
  if (protocol === PROTOCOL.login) return 'login accepted';
  if (protocol === PROTOCOL.time)
    return `it is ${[...content].map((part) => String(part).padStart(2, '0')).join(' ')} UTC`;
  if (protocol !== PROTOCOL.command) return 'answer';
  const command = readCommand(content);
  return command === null
    ? `command, malformed: ${shown(content)}`
    : `command ${command.flag}: ${quoted(command.text)}`;
}

function login(content: Buffer): string {
  const read = readLogin(content);
  if (typeof read === 'string') return `login, malformed: ${read}`;
  const zone = read.clockOffset === null ? '' : `, its clock ${read.clockOffset} min ahead of UTC`;
  return `login of ${read.imei}${zone}`;
}

function record(protocol: number, content: Buffer): string {
  const read = readRecord(protocol, content, 0, 0);
  if (read === null) return `too short: ${shown(content)}`;
  const date = read.time === null ? 'a date that cannot be' : new Date(read.time).toISOString();
  return `${date} ${read.readings.map(({ type, data }) => `${type} ${data}`).join(', ')}`;
}

function state(content: Buffer): string {
  const read = readState(content);
  return [...read.values, ...alarmReadings({ ...read, alarm: 0 })].map(([type, data]) => `${type} ${data}`).join(', ');
}

function answer(text: Text | null, content: Buffer): string {
  return text === null ? `text, malformed: ${shown(content)}` : `answer to command ${text.flag}: ${quoted(text.text)}`;
}

function information(content: Buffer): string {
  const read = readInformation(content);
  if (read === null) return `of no known kind: ${shown(content)}`;
  return [...read.values, ...read.status].map(([name, value]) => `${name} ${value}`).join(', ');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN));
}

function shown(bytes: Buffer): string {
  return bytes.toString('hex', 0, MAX_SHOWN) + (bytes.length > MAX_SHOWN ? `… ${bytes.length} bytes` : '');
}
