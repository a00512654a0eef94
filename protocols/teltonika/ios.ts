/** Inputs and outputs by their ids, as types and units of docs/readings.md. */

/** What an input or output is. */
export interface Io {
  readonly type: string;
  /** How its bytes are read. */
  readonly as: 'number' | 'signed' | 'switch' | 'hex' | 'digits';
  /** What one of its units is in the type's unit. */
  readonly scale?: number;
  /** The highest value that is one: beyond, the device says why it has none. */
  readonly most?: number;
}

/** Those that mean the same on all devices of the FMB family. */
export const IOS: ReadonlyMap<number, Io> = new Map<number, Io>([
  [1, { type: 'sen:din:1', as: 'switch' }],
  [2, { type: 'sen:din:2', as: 'switch' }],
  [3, { type: 'sen:din:3', as: 'switch' }],
  [4, { type: 'sen:din:4', as: 'switch' }],
  [6, { type: 'sen:ain:2', as: 'number', scale: 1e-3 }],
  [9, { type: 'sen:ain:1', as: 'number', scale: 1e-3 }],
  [11, { type: 'sen:iccid:1', as: 'digits' }],
  [14, { type: 'sen:iccid:2', as: 'digits' }],
  [16, { type: 'sen:odometer', as: 'number' }],
  [21, { type: 'sen:gsm', as: 'number' }],
  [24, { type: 'sen:speed', as: 'number' }],
  [66, { type: 'sen:power', as: 'number', scale: 1e-3 }],
  [67, { type: 'sen:battery', as: 'number', scale: 1e-3 }],
  [68, { type: 'sen:battery_current', as: 'number', scale: 1e-3 }],
  [69, { type: 'sen:gnss_status', as: 'number' }],
  [72, { type: 'sen:temp:1', as: 'signed', scale: 1e-1, most: 1_250 }],
  [73, { type: 'sen:temp:2', as: 'signed', scale: 1e-1, most: 1_250 }],
  [74, { type: 'sen:temp:3', as: 'signed', scale: 1e-1, most: 1_250 }],
  [75, { type: 'sen:temp:4', as: 'signed', scale: 1e-1, most: 1_250 }],
  [78, { type: 'sen:ibutton', as: 'hex' }],
  [80, { type: 'sen:data_mode', as: 'number' }],
  [113, { type: 'sen:battery_level', as: 'number' }],
  [179, { type: 'sen:dout:1', as: 'switch' }],
  [180, { type: 'sen:dout:2', as: 'switch' }],
  [181, { type: 'sen:pdop', as: 'number', scale: 1e-1 }],
  [199, { type: 'sen:trip', as: 'number' }],
  [200, { type: 'sen:sleep_mode', as: 'number' }],
  [239, { type: 'sen:ignition', as: 'switch' }],
  [240, { type: 'sen:movement', as: 'switch' }],
]);

/** Those that are told together with others: the horizontal dilution of precision, and the cell of the network. */
export const PARTS = { hdop: 182, cell: 205, area: 206, operator: 241 } as const;

/** Bytes of a number. */
const MAX_NUMBER_BYTES = 8;

/** The type and data of a value: by name, or as `io:<id>` where it is not known, or not of the form it should have. */
export function ioReading(id: number, bytes: Buffer): { readonly type: string; readonly data: string } {
  const io = IOS.get(id);
  const data = io && bytes.length > 0 && bytes.length <= MAX_NUMBER_BYTES ? known(io, bytes) : null;
  return io && data !== null ? { type: io.type, data } : { type: `io:${id}`, data: unknown(bytes) };
}

function known(io: Io, bytes: Buffer): string | null {
  if (io.as === 'hex') return `"${bytes.toString('hex')}"`;
  if (io.as === 'digits') return `"${bigOf(bytes)}"`;
  if (bytes.length > 4) return bigOf(bytes) > Number.MAX_SAFE_INTEGER ? null : String(scaled(io, Number(bigOf(bytes))));
  const value = numberOf(io, bytes);
  if (io.as === 'switch') return value !== 0 ? 'true' : 'false';
  return value === null ? null : String(value);
}

/** The value in its unit, or null: the device says that it has none. */
function numberOf(io: Io, bytes: Buffer): number | null {
  const value = io.as === 'signed' ? bytes.readIntBE(0, bytes.length) : bytes.readUIntBE(0, bytes.length);
  return io.most !== undefined && value > io.most ? null : scaled(io, value);
}

/** Without the tail that a decimal fraction has in binary: 12345 mV are 12.345 V. */
function scaled({ scale = 1 }: Io, value: number): number {
  return scale === 1 ? value : value / Math.round(1 / scale);
}

/** As it came, with its width, by which others may know more of it. */
function unknown(bytes: Buffer): string {
  if (bytes.length > MAX_NUMBER_BYTES || bytes.length === 0 || !WIDTHS.has(bytes.length))
    return `{"hex":"${bytes.toString('hex')}","width":${bytes.length}}`;
  const value = bigOf(bytes);
  const shown = value > Number.MAX_SAFE_INTEGER ? `"${value}"` : String(value);
  return `{"value":${shown},"width":${bytes.length}}`;
}

const WIDTHS: ReadonlySet<number> = new Set([1, 2, 4, 8]);

function bigOf(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
