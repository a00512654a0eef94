/**
 * Frames ↔ messages: what is inside each kind of frame. Readers take a frame, writers give its bytes. Writers take the
 * smallest width that fits unless told another, so that a test or a simulator can speak as any of the clients does.
 */
import { Parser } from 'binary-parser';
import {
  FRAME,
  type Frame,
  hexByte,
  lengthWidth,
  MAX_LENGTH,
  readUint,
  type Width,
  widthFor,
  writeUint,
} from './frames.js';

/** A channel gets its name; the id belongs to one connection and one direction. */
export interface Definition {
  readonly id: number;
  readonly name: Buffer;
}

/** Longest ident and longest channel name in bytes: what their length of one byte allows. */
export const MAX_IDENT_BYTES = 255;
export const MAX_CHANNEL_NAME_BYTES = 254;

// Definitions are rare, so their layout is declared; what comes with every reading is read by hand.
const definitionLayout = new Parser().uint8('id').buffer('name', { readUntil: 'eof' });

/** Reads a channel definition (`0x20`). */
export function readDefinition(frame: Frame): Definition {
  return definitionLayout.parse(frame.bytes.subarray(frame.content, frame.end));
}

/** The id of the channel of a data or array frame. */
export function channelId(frame: Frame): number {
  return frame.bytes[frame.content] ?? 0;
}

/** The payload of a data frame (`0x21`, `0x41`, `0x61`), or all elements of an array with their lengths. */
export function payload(frame: Frame): Buffer {
  return frame.bytes.subarray(frame.content + 1, frame.end);
}

/** Elements of an array (`0x22`, `0x42`, `0x62`), or null: they do not end exactly where the frame does. */
export function readElements({ type, bytes, content, end }: Frame): Buffer[] | null {
  const width = lengthWidth(type);
  const elements: Buffer[] = [];
  let at = content + 1;
  while (at < end) {
    if (end - at < width) return null;
    const length = readUint(bytes, at, width);
    at += width;
    if (length > end - at) return null;
    elements.push(bytes.subarray(at, at + length));
    at += length;
  }
  return elements;
}

/** What a device says first. Throws RangeError over 255 bytes. */
export function identRequest(ident: string): Uint8Array {
  const text = Buffer.from(ident);
  checkSize('ident', text.length, MAX_IDENT_BYTES);
  return Buffer.concat([Uint8Array.of(FRAME.ident, text.length), text]);
}

/** The server's answer to it. */
export function identResponse(accepted: boolean): Uint8Array {
  return Uint8Array.of(FRAME.ident, accepted ? 1 : 0);
}

/** A device's ping, and its answer. */
export function ping(n: number): Uint8Array {
  return Uint8Array.of(FRAME.ping, n);
}

/** The server's ping, and its answer. */
export function serverPing(n: number): Uint8Array {
  return Uint8Array.of(FRAME.serverPing, n);
}

/** Throws RangeError for a name over 254 bytes. */
export function definition(id: number, name: string): Uint8Array {
  const text = Buffer.from(name);
  checkSize('channel name', text.length, MAX_CHANNEL_NAME_BYTES);
  return Buffer.concat([Uint8Array.of(FRAME.definition, text.length + 1, id), text]);
}

/** Throws RangeError for a payload that does not fit the width, or a frame. */
export function data(id: number, content: Uint8Array, atLeast: Width = 1): Uint8Array {
  const length = 1 + content.length;
  checkSize('payload and id', length, MAX_LENGTH);
  const needed = widthFor(length);
  const width = needed > atLeast ? needed : atLeast;
  const frame = beginFrame(FRAME.data[width], width, length, id);
  frame.set(content, 2 + width);
  return frame;
}

/** Throws RangeError for elements that do not fit a frame. */
export function array(id: number, elements: readonly Uint8Array[], atLeast: Width = 1): Uint8Array {
  let width = atLeast;
  while (widthFor(arrayLength(elements, width)) > width) width = widthFor(arrayLength(elements, width));
  const length = arrayLength(elements, width);
  checkSize('elements and id', length, MAX_LENGTH);
  const frame = beginFrame(FRAME.array[width], width, length, id);
  let at = 2 + width;
  for (const element of elements) {
    writeUint(frame, at, width, element.length);
    frame.set(element, at + width);
    at += width + element.length;
  }
  return frame;
}

/** What the length of an array frame of this width would be. */
export function arrayLength(elements: readonly Uint8Array[], width: Width): number {
  return elements.reduce((length, element) => length + width + element.length, 1);
}

function beginFrame(type: number, width: Width, length: number, id: number): Buffer {
  if (id > 255) throw new RangeError(`Invalid channel id: ${id} of a frame ${hexByte(type)}, expected 0 to 255`);
  const frame = Buffer.allocUnsafe(1 + width + length);
  frame[0] = type;
  writeUint(frame, 1, width, length);
  frame[1 + width] = id;
  return frame;
}

function checkSize(what: string, size: number, limit: number): void {
  if (size > limit) throw new RangeError(`Invalid ${what}: ${size} bytes, expected at most ${limit}`);
}
