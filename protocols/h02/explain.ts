/** Says frame by frame what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { type Frame, FrameReader } from './frames.js';
import { readPacket, senderOf } from './packet.js';
import type { Report, Values } from './report.js';
import { isLocation, readCells, readHeartbeat, readLocation, readText, type Text } from './text.js';

/** Bytes and characters that are shown. */
const MAX_SHOWN = 60;

/** One line a frame. One that is not whole is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const reader = new FrameReader();
  const lines: Explanation[] = [];
  let at = 0;
  reader.push(bytes);
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    // Line ends between two frames belong to the latter.
    const end = frame.at + frame.raw.length;
    lines.push({ at, length: end - at, text: frameText(frame, direction) });
    at = end;
  }
  const length = bytes.length - at;
  const text = reader.tooLong ? 'protocol error: no end of a text' : 'a frame that is not whole';
  if (length > 0) lines.push({ at, length, text });
  return lines;
}

function frameText({ form, raw }: Frame, direction: Direction): string {
  switch (form) {
    case 'noise':
      return `neither text nor packet: ${shown(raw)}`;
    case 'tail':
      return `behind the packet, of no known meaning: ${shown(raw)}`;
    case 'packet':
      return `location of ${senderOf(raw)}: ${report(readPacket(raw, 0, 0))}`;
    case 'text': {
      const text = readText(raw);
      if (text === null) return `malformed: ${quoted(raw.toString('latin1'))}`;
      return `${direction === 'device' ? said(text) : told(text)}; of ${text.id}`;
    }
  }
}

function said({ kind, fields }: Text): string {
  switch (kind) {
    case 'V1':
    case 'V6':
      return `location: ${report(readLocation(fields, 0, 0))}`;
    case 'NBR':
      return `cells: ${report(readCells(fields, 0, 0))}`;
    case 'HTBT':
      return `heartbeat ${values(readHeartbeat(fields))}`.trim();
    case 'V4': {
      const place = fields.findIndex((_, index) => index > 0 && isLocation(fields.slice(index)));
      const answer = `answer to command ${quoted(fields.slice(0, place === -1 ? fields.length : place).join(','))}`;
      return place === -1 ? answer : `${answer}, location: ${report(readLocation(fields.slice(place), 0, 0))}`;
    }
    default:
      return `of the unknown kind ${kind}: ${quoted(fields.join(','))}`;
  }
}

function told({ kind, fields }: Text): string {
  if (kind === 'HTBT') return 'answer to the heartbeat';
  if (kind === 'V4') return `answer to ${fields[0] ?? '?'}`;
  return `command ${quoted([kind, ...fields.slice(1)].join(','))}`;
}

function report(read: Report | null): string {
  if (read === null) return 'of no known form';
  const date = read.time === null ? 'a date that cannot be' : new Date(read.time).toISOString();
  return `${date} ${values(read.readings.map(({ type, data }) => [type, data]))}`;
}

function values(all: Values): string {
  return all.map(([type, data]) => `${type} ${data}`).join(', ');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, MAX_SHOWN));
}

function shown(bytes: Buffer): string {
  return bytes.toString('hex', 0, MAX_SHOWN) + (bytes.length > MAX_SHOWN ? `… ${bytes.length} bytes` : '');
}
