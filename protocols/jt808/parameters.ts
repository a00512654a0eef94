/**
 * Settings as the parameters of a terminal: `8103` sets, `8104` asks, `0104` reports. A setting is named `param:` and the
 * id of the parameter in four hex digits (eight where it takes them), such as `param:0029`; its value is a number in
 * decimal or text as the standard has it, and hex for parameters that the standard does not list.
 */
import type { Setting } from '../protocol.js';
import { readGbk, writeGbk } from './gbk.js';

/** Longest value of a parameter in bytes: what its length of one byte allows. */
export const MAX_PARAMETER_BYTES = 255;

/** Ids whose values are no numbers of 32 bits, as most are. */
const TEXTS = new Set([
  ...[0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x1a, 0x1d, 0x23, 0x24, 0x25, 0x26],
  ...[0x40, 0x41, 0x42, 0x43, 0x44, 0x48, 0x49, 0x83],
]);
const WORDS = new Set([0x31, 0x5b, 0x5c, 0x5d, 0x5e, 0x81, 0x82, 0x101, 0x103]);
const BYTES = new Set([0x84, 0x90, 0x91, 0x92, 0x94]);
/** The last of those that the standard lists as numbers, where nothing else is said. */
const LAST_NUMBER = 0x100;

/** A parameter as the body of `8103` and `0104` holds it. */
export interface Parameter {
  readonly id: number;
  readonly value: Buffer;
}

/** The parameters of a list, or null: it does not end where the body does. */
export function readParameters(bytes: Buffer): Parameter[] | null {
  const parameters: Parameter[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes.length - at < 5) return null;
    const id = bytes.readUInt32BE(at);
    const length = bytes[at + 4] ?? 0;
    at += 5;
    if (length > bytes.length - at) return null;
    parameters.push({ id, value: bytes.subarray(at, at + length) });
    at += length;
  }
  return parameters;
}

/** The list, behind how many they are. */
export function parametersBody(parameters: readonly Parameter[]): Buffer {
  const head = ({ id, value }: Parameter) => {
    const bytes = Buffer.allocUnsafe(5);
    bytes.writeUInt32BE(id);
    bytes[4] = value.length;
    return bytes;
  };
  return Buffer.concat([Buffer.of(parameters.length), ...parameters.flatMap((one) => [head(one), one.value])]);
}

/** A parameter as a setting. */
export function settingOf({ id, value }: Parameter): Setting {
  return { name: `param:${id.toString(16).padStart(id > 0xffff ? 8 : 4, '0')}`, value: textOf(id, value) };
}

/** A setting as a parameter, or what is wrong with it, for a person. */
export function parameterOf({ name, value }: Setting): Parameter | string {
  const [, hex] = NAME.exec(name) ?? [];
  if (hex === undefined) return `Invalid setting: ${name.slice(0, 40)}, expected param: and a parameter's id in hex`;
  const id = Number.parseInt(hex, 16);
  const bytes = bytesOf(id, value);
  if (bytes === null) return `Invalid value of ${name}: ${value.slice(0, 40)}, expected ${expected(id)}`;
  if (bytes.length > MAX_PARAMETER_BYTES)
    return `Invalid value of ${name}: ${bytes.length} bytes, expected at most ${MAX_PARAMETER_BYTES}`;
  return { id, value: bytes };
}

function textOf(id: number, value: Buffer): string {
  if (TEXTS.has(id)) return readGbk(value) ?? hexOf(value);
  const width = widthOf(id);
  return width !== null && value.length === width ? String(value.readUIntBE(0, width)) : hexOf(value);
}

function bytesOf(id: number, value: string): Buffer | null {
  const [, hex] = HEX.exec(value) ?? [];
  if (hex !== undefined) return Buffer.from(hex, 'hex');
  if (TEXTS.has(id)) return writeGbk(value);
  const width = widthOf(id);
  if (width === null || !/^\d{1,10}$/.test(value) || Number(value) >= 2 ** (8 * width)) return null;
  const bytes = Buffer.allocUnsafe(width);
  bytes.writeUIntBE(Number(value), 0, width);
  return bytes;
}

/** Bytes of a number; null: the standard does not say it is one. */
function widthOf(id: number): number | null {
  if (WORDS.has(id)) return 2;
  if (BYTES.has(id)) return 1;
  return id > 0 && (id <= LAST_NUMBER || id === 0x102) && !TEXTS.has(id) ? 4 : null;
}

function expected(id: number): string {
  const width = widthOf(id);
  return width === null ? 'hex: and pairs of hex digits' : `a number below ${2 ** (8 * width)}`;
}

function hexOf(bytes: Buffer): string {
  return `hex:${bytes.toString('hex')}`;
}

const NAME = /^param:([0-9a-f]{1,8})$/;
const HEX = /^hex:((?:[0-9a-f]{2})*)$/i;
