/** Says frame by frame what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { FRAME, type Frame, FrameReader, hexByte } from './frames.js';
import { locationJson, locationTime, wholeLocation } from './location-layout.js';
import { channelId, payload, readDefinition, readElements } from './messages.js';
import { textOf } from './text.js';

/** Characters of a text, and elements of an array, that are shown. */
const MAX_SHOWN_TEXT = 100;
const MAX_SHOWN_ELEMENTS = 20;

/** One line a frame. What is no frame, and one that is not whole, is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const reader = new FrameReader(direction);
  const names = new Map<number, string>();
  const lines: Explanation[] = [];
  let at = 0;
  reader.push(bytes);
  for (let frame = reader.next(); frame !== null; frame = reader.next()) {
    const text = frameText(frame, direction, names);
    lines.push({ at: frame.start, length: frame.end - frame.start, text });
    at = frame.end;
  }
  if (reader.problem) lines.push({ at, length: bytes.length - at, text: `protocol error: ${reader.problem.message}` });
  else if (at < bytes.length) lines.push({ at, length: bytes.length - at, text: 'a frame that is not whole' });
  return lines;
}

type Teller = (frame: Frame, direction: Direction, names: Map<number, string>) => string;

const tellers: (Teller | undefined)[] = [];
tellers[FRAME.ident] = ident;
tellers[FRAME.ping] = (frame, direction) =>
  direction === 'device' ? `ping ${second(frame)}` : `answer to ping ${second(frame)}: all before it is durable`;
tellers[FRAME.serverPing] = (frame, direction) =>
  direction === 'server' ? `are you there? ${second(frame)}` : `here, answer to ${second(frame)}`;
tellers[FRAME.definition] = definition;
for (const type of Object.values(FRAME.data)) tellers[type] = data;
for (const type of Object.values(FRAME.array)) tellers[type] = array;

function frameText(frame: Frame, direction: Direction, names: Map<number, string>): string {
  const tell = tellers[frame.type];
  return tell ? tell(frame, direction, names) : `a frame of the unknown type ${hexByte(frame.type)}, skipped`;
}

function ident(frame: Frame, direction: Direction): string {
  if (direction === 'device') return `identification as ${shown(frame.bytes.subarray(frame.content, frame.end))}`;
  return second(frame) === 1 ? 'identification accepted' : 'identification refused';
}

function definition(frame: Frame, _: Direction, names: Map<number, string>): string {
  const { id, name } = readDefinition(frame);
  names.set(id, textOf(name) ?? `__channel_${id}`);
  return `channel ${id} is ${shown(name)}`;
}

function data(frame: Frame, direction: Direction, names: Map<number, string>): string {
  const name = nameOf(frame, names);
  const content = payload(frame);
  const isLocation = name === 'sen:loc' && direction === 'device';
  return `data on ${name}: ${isLocation ? location(content) : shown(content)}`;
}

function array(frame: Frame, _: Direction, names: Map<number, string>): string {
  const name = nameOf(frame, names);
  const elements = readElements(frame);
  if (elements === null) return `protocol error: an array on ${name} whose elements do not end where the frame does`;
  const more = elements.length > MAX_SHOWN_ELEMENTS ? `, … ${elements.length} elements` : '';
  const [time] = elements;
  const isDated = /^l?sen:/.test(name) && elements.length === 2 && time?.length === 4;
  const list = elements
    .slice(0, MAX_SHOWN_ELEMENTS)
    .map((element, index) => (isDated && index === 0 ? date(element.readUInt32BE(0) * 1_000) : shown(element)));
  return `array on ${name}: [${list.join(', ')}${more}]`;
}

function location(content: Buffer): string {
  const whole = wholeLocation(content.length);
  if (whole === 0) return `${shown(content)}, too short for a location`;
  const json = locationJson(content, 0, whole) ?? 'not on the earth';
  const odd = whole === content.length ? '' : `, ${content.length} bytes, expected 5, 12, 14 or 16`;
  return `${date(locationTime(content, 0))} ${json}${odd}`;
}

function nameOf(frame: Frame, names: Map<number, string>): string {
  const id = channelId(frame);
  return names.get(id) ?? `__channel_${id}`;
}

function second(frame: Frame): number {
  return frame.bytes[frame.start + 1] ?? 0;
}

function date(time: number): string {
  return new Date(time).toISOString();
}

/** Text in quotes with its controls escaped, or hex. */
function shown(bytes: Buffer): string {
  const part = bytes.subarray(0, MAX_SHOWN_TEXT);
  const text = textOf(part);
  const more = part.length < bytes.length ? `… ${bytes.length} bytes` : '';
  return (text === null ? part.toString('hex') : JSON.stringify(text)) + more;
}
