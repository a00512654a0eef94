/** Says frame by frame what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { readDatagram } from './datagrams.js';
import { type Frame, FrameReader, PACKET_HEAD, PACKET_TAIL } from './frames.js';
import { ioReading } from './ios.js';
import { type AvlRecord, CODEC, holdsRecords, readRecords } from './records.js';
import { holdsText, readText, TEXT } from './texts.js';

/** Records, inputs and outputs of one packet, and characters of a text, that are shown. */
const MAX_SHOWN_RECORDS = 5;
const MAX_SHOWN_VALUES = 20;
const MAX_SHOWN_TEXT = 200;

/** One line a frame. What is no frame, and one that is not whole, is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (all.length === 0) return [];
  const datagram = direction === 'device' ? readDatagram(all) : null;
  if (datagram !== null) {
    const text = `datagram ${datagram.packetId} of ${JSON.stringify(datagram.imei)}: ${contentText(datagram.content)}`;
    return [{ at: 0, length: all.length, text }];
  }
  return direction === 'device' ? ofDevice(all) : ofServer(all);
}

function ofDevice(bytes: Buffer): Explanation[] {
  const reader = new FrameReader();
  const lines: Explanation[] = [];
  let end = 0;
  reader.push(bytes);
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    lines.push({ at: end, length: frame.length, text: frameText(frame) });
    end += frame.length;
  }
  const text = reader.problem === null ? 'a frame that is not whole' : `protocol error: ${reader.problem}`;
  if (end < bytes.length) lines.push({ at: end, length: bytes.length - end, text });
  return lines;
}

function frameText(frame: Frame): string {
  if (frame.kind === 'keepAlive') return 'keep-alive';
  if (frame.kind === 'login') return `login as ${JSON.stringify(frame.text)}`;
  return frame.isWhole ? contentText(frame.content) : 'a packet whose check sum is wrong';
}

function contentText(content: Buffer): string {
  const codec = content[0] ?? 0;
  if (holdsText(codec)) return messageText(content);
  if (!holdsRecords(codec)) return `a packet of the unknown codec ${codec.toString(16)}`;
  const records = readRecords(content);
  if ('misfit' in records) return `a packet that does not fit: ${records.misfit}`;
  const shown = records.slice(0, MAX_SHOWN_RECORDS).map(recordText);
  if (records.length > shown.length) shown.push('…');
  return `${counted(records.length)} in codec ${CODEC_NAMES.get(codec)}: ${shown.join('; ')}`;
}

const CODEC_NAMES: ReadonlyMap<number, string> = new Map([
  [CODEC.avl, '8'],
  [CODEC.avlExtended, '8 extended'],
  [CODEC.avl16, '16'],
]);

function recordText({ time, lat, lon, alt, head, sat, spd, event, priority, values }: AvlRecord): string {
  const parts = [
    time <= 8.64e15 ? new Date(time).toISOString() : `${time} ms`,
    `${lat},${lon} ${alt} m ${head}° ${spd} km/h ${sat} satellites`,
  ];
  if (priority > 0) parts.push(`priority ${priority}`);
  if (event > 0) parts.push(`event ${event}`);
  for (const { id, bytes } of values.slice(0, MAX_SHOWN_VALUES)) {
    const { type, data } = ioReading(id, bytes);
    parts.push(`${type}=${data}`);
  }
  return parts.join(' ');
}

function messageText(content: Buffer): string {
  const message = readText(content);
  if ('misfit' in message) return `a text that does not fit: ${message.misfit}`;
  const kinds: Readonly<Record<number, string>> = {
    [TEXT.command]: 'command',
    [TEXT.answer]: message.time === null ? 'answer to a command' : `text of ${new Date(message.time).toISOString()}`,
    [TEXT.refused]: 'command refused, it is for another IMEI',
  };
  const kind = kinds[message.type] ?? `text of the unknown type ${message.type}`;
  return `${kind}: ${JSON.stringify(message.text.slice(0, MAX_SHOWN_TEXT))}`;
}

function ofServer(bytes: Buffer): Explanation[] {
  const lines: Explanation[] = [];
  let at = 0;
  const add = (length: number, text: string) => {
    lines.push({ at, length, text });
    at += length;
  };
  if (bytes.length === DATAGRAM_ANSWER && bytes.readUInt16BE(0) === DATAGRAM_ANSWER - 2)
    add(DATAGRAM_ANSWER, `answer to datagram ${bytes.readUInt16BE(2)}: durable: ${counted(bytes[6] ?? 0)}`);
  // A login is answered before all else, and counts and commands begin with a zero: so a 1 always answers a login.
  while (bytes[at] === 0 && (bytes[at + 1] === 1 || bytes.length < 4)) add(1, 'login refused');
  while (at < bytes.length) {
    const left = bytes.length - at;
    const count = left >= 4 ? bytes.readUInt32BE(at) : null;
    if (bytes[at] === 1) add(1, 'login accepted');
    else if (count === null) add(left, NOT_WHOLE);
    else if (count > 0 || left < PACKET_HEAD) add(4, `durable: ${counted(count)}`);
    else {
      const length = bytes.readUInt32BE(at + 4);
      const whole = PACKET_HEAD + length + PACKET_TAIL;
      if (at + whole > bytes.length) add(bytes.length - at, NOT_WHOLE);
      else add(whole, contentText(bytes.subarray(at + PACKET_HEAD, at + PACKET_HEAD + length)));
    }
  }
  return lines;
}

function counted(records: number): string {
  return `${records} ${records === 1 ? 'record' : 'records'}`;
}

const DATAGRAM_ANSWER = 7;
const NOT_WHOLE = 'a message that is not whole';
