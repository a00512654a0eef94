/**
 * Batches of writes as bytes, for the way to another process and for the spool. Integers are little-endian; texts are
 * UTF-8 with their length in bytes before them. What lies on a disk must stay readable: a new kind of write is added at
 * the end of `KINDS`.
 */
import type { Write } from './store.js';

/** Bytes of a batch's buffer to begin with. */
const FIRST_SIZE = 16 * 1024;
const MOST_BYTES_A_CHARACTER = 3;
const UUID_BYTES = 16;

/** In this order: the place is the tag. */
const KINDS = [
  'reading',
  'status',
  'value',
  'deleteValue',
  'child',
  'deleteChild',
  'block',
  'deleteBlocks',
  'deleteNode',
  'deleteReadings',
] as const satisfies readonly Write['write'][];

/** The batch as bytes of their own. */
export function encodeWrites(batch: readonly Write[]): Uint8Array {
  const out = createSink();
  out.u32(batch.length);
  for (const write of batch) encode(out, write);
  return out.bytes();
}

/**
 * The batch again, its binary parts views of `bytes`; throws `RangeError` where these are no batch. Halves of surrogate
 * pairs, which UTF-8 has not, became U+FFFD, as they do in the stores.
 */
export function decodeWrites(bytes: Uint8Array): Write[] {
  const from = createSource(bytes);
  const count = from.u32();
  const batch: Write[] = [];
  while (batch.length < count) batch.push(decode(from));
  if (from.left() > 0) throw notABatch();
  return batch;
}

function encode(out: Sink, write: Write): void {
  out.u8(KINDS.indexOf(write.write));
  switch (write.write) {
    case 'reading':
      out.text(write.id);
      out.text(write.type);
      out.text(write.period);
      out.raw(write.time);
      out.text(write.data);
      out.f64(write.received);
      out.f64(write.expires);
      break;
    case 'status':
      out.text(write.path);
      out.u32(write.status);
      break;
    case 'value':
      out.text(write.path);
      out.text(write.name);
      out.text(write.value);
      break;
    case 'deleteValue':
    case 'child':
    case 'deleteChild':
      out.text(write.path);
      out.text(write.name);
      break;
    case 'block':
      out.text(write.path);
      out.u32(write.block);
      out.u32(write.data.byteLength);
      out.raw(write.data);
      break;
    case 'deleteBlocks':
      out.text(write.path);
      out.u32(write.from);
      break;
    case 'deleteNode':
      out.text(write.path);
      break;
    case 'deleteReadings':
      out.text(write.id);
      out.optional(write.type, out.text);
      out.text(write.period);
      out.optional(write.from, out.raw);
      out.optional(write.to, out.raw);
      break;
  }
}

function decode(from: Source): Write {
  const kind = KINDS[from.u8()];
  switch (kind) {
    case 'reading':
      return {
        write: kind,
        id: from.text(),
        type: from.text(),
        period: from.text(),
        time: from.raw(UUID_BYTES),
        data: from.text(),
        received: from.f64(),
        expires: from.f64(),
      };
    case 'status':
      return { write: kind, path: from.text(), status: from.u32() };
    case 'value':
      return { write: kind, path: from.text(), name: from.text(), value: from.text() };
    case 'deleteValue':
    case 'child':
    case 'deleteChild':
      return { write: kind, path: from.text(), name: from.text() };
    case 'block':
      return { write: kind, path: from.text(), block: from.u32(), data: from.raw(from.u32()) };
    case 'deleteBlocks':
      return { write: kind, path: from.text(), from: from.u32() };
    case 'deleteNode':
      return { write: kind, path: from.text() };
    case 'deleteReadings':
      return {
        write: kind,
        id: from.text(),
        type: from.optional(from.text),
        period: from.text(),
        from: from.optional(() => from.raw(UUID_BYTES)),
        to: from.optional(() => from.raw(UUID_BYTES)),
      };
    default:
      throw notABatch();
  }
}

function notABatch(): RangeError {
  return new RangeError('Not a batch of writes');
}

interface Sink {
  u8(value: number): void;
  u32(value: number): void;
  f64(value: number): void;
  text(value: string): void;
  raw(value: Uint8Array): void;
  optional<T>(value: T | undefined, put: (value: T) => void): void;
  /** All that was put so far. */
  bytes(): Uint8Array;
}

function createSink(): Sink {
  let buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  let at = 0;

  function room(bytes: number): void {
    if (at + bytes <= buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(buffer.length * 2, at + bytes));
    buffer.copy(larger, 0, 0, at);
    buffer = larger;
  }

  const sink: Sink = {
    u8(value) {
      room(1);
      buffer[at++] = value;
    },
    u32(value) {
      room(4);
      at = buffer.writeUInt32LE(value, at);
    },
    f64(value) {
      room(8);
      at = buffer.writeDoubleLE(value, at);
    },
    text(value) {
      room(4 + value.length * MOST_BYTES_A_CHARACTER);
      const length = buffer.write(value, at + 4, 'utf8');
      buffer.writeUInt32LE(length, at);
      at += 4 + length;
    },
    raw(value) {
      room(value.byteLength);
      buffer.set(value, at);
      at += value.byteLength;
    },
    optional(value, put) {
      sink.u8(value === undefined ? 0 : 1);
      if (value !== undefined) put(value);
    },
    bytes: () => buffer.subarray(0, at),
  };
  return sink;
}

interface Source {
  u8(): number;
  u32(): number;
  f64(): number;
  text(): string;
  raw(length: number): Uint8Array;
  optional<T>(value: () => T): T | undefined;
  /** Bytes that were not taken yet. */
  left(): number;
}

function createSource(bytes: Uint8Array): Source {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;

  /** Where so many bytes begin; those behind them come next. */
  function take(length: number): number {
    if (length > buffer.length - at) throw notABatch();
    at += length;
    return at - length;
  }

  const source: Source = {
    u8: () => buffer.readUInt8(take(1)),
    u32: () => buffer.readUInt32LE(take(4)),
    f64: () => buffer.readDoubleLE(take(8)),
    text() {
      const length = source.u32();
      const start = take(length);
      return buffer.toString('utf8', start, start + length);
    },
    raw: (length) => new Uint8Array(bytes.buffer, bytes.byteOffset + take(length), length),
    optional: (value) => (source.u8() === 0 ? undefined : value()),
    left: () => buffer.length - at,
  };
  return source;
}
