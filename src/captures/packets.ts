/**
 * Packets of a capture file, pcap or pcapng. The formats are those of tcpdump and Wireshark: a global header and
 * records, or blocks; both in the byte order of the machine that wrote them.
 */

/** One captured packet, as far as it was kept. */
export interface Packet {
  /** UNIX ms. */
  readonly time: number;
  /** How its link layer is read: a LINKTYPE number. */
  readonly link: number;
  readonly bytes: Buffer;
}

/** What is no capture, or one that is damaged: the message says where and what. */
export class CaptureError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CaptureError';
  }
}

/** Bytes of one packet at the most; what claims more is damage. */
export const MAX_PACKET_BYTES = 1 << 18;
/** Interfaces of one pcapng section at the most. */
const MAX_INTERFACES = 1_000;

/** Whether bytes begin as a capture file does. */
export function isCapture(bytes: Buffer): boolean {
  return bytes.length >= 12 && (formOf(bytes) !== null || bytes.readUInt32BE(0) === SECTION);
}

/** The packets of a capture file, in its order. Throws `CaptureError`; a last record that is cut is left out. */
export function* packetsOf(bytes: Buffer): Generator<Packet> {
  if (!isCapture(bytes)) throw new CaptureError('This is no capture: it begins neither as pcap nor as pcapng does');
  if (bytes.readUInt32BE(0) === SECTION) yield* blocks(bytes);
  else yield* records(bytes);
}

interface Form {
  readonly little: boolean;
  /** Parts of a second in the second half of a date. */
  readonly fraction: number;
}

function formOf(bytes: Buffer): Form | null {
  switch (bytes.readUInt32BE(0)) {
    case 0xa1b2c3d4:
      return { little: false, fraction: 1e6 };
    case 0xd4c3b2a1:
      return { little: true, fraction: 1e6 };
    case 0xa1b23c4d:
      return { little: false, fraction: 1e9 };
    case 0x4d3cb2a1:
      return { little: true, fraction: 1e9 };
    default:
      return null;
  }
}

const RECORDS_FROM = 24;
const RECORD_HEADER = 16;

function* records(bytes: Buffer): Generator<Packet> {
  const form = formOf(bytes);
  if (!form || bytes.length < RECORDS_FROM) throw new CaptureError('The header of the capture is cut');
  const u32 = (at: number) => (form.little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const link = u32(20) & 0x0fff_ffff;
  for (let at = RECORDS_FROM; at + RECORD_HEADER <= bytes.length; ) {
    const length = u32(at + 8);
    if (length > MAX_PACKET_BYTES) throw new CaptureError(`Invalid record at byte ${at}: a packet of ${length} bytes`);
    const start = at + RECORD_HEADER;
    if (start + length > bytes.length) return;
    const time = u32(at) * 1_000 + (u32(at + 4) / form.fraction) * 1_000;
    yield { time, link, bytes: bytes.subarray(start, start + length) };
    at = start + length;
  }
}

const SECTION = 0x0a0d0d0a;
const INTERFACE = 1;
const SIMPLE_PACKET = 3;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const RESOLUTION_OPTION = 9;

interface Interface {
  readonly link: number;
  /** Parts of a second in which dates count. */
  readonly fraction: number;
}

function* blocks(bytes: Buffer): Generator<Packet> {
  let little = false;
  let interfaces: Interface[] = [];
  for (let at = 0; at + 12 <= bytes.length; ) {
    if (bytes.readUInt32BE(at) === SECTION) {
      little = bytes.readUInt32LE(at + 8) === BYTE_ORDER;
      if (!little && bytes.readUInt32BE(at + 8) !== BYTE_ORDER)
        throw new CaptureError(`Invalid section at byte ${at}: its byte order is not known`);
      interfaces = [];
    }
    const u16 = (offset: number) => (little ? bytes.readUInt16LE(offset) : bytes.readUInt16BE(offset));
    const u32 = (offset: number) => (little ? bytes.readUInt32LE(offset) : bytes.readUInt32BE(offset));
    const length = u32(at + 4);
    if (length < 12 || length % 4 !== 0) throw new CaptureError(`Invalid block at byte ${at}: ${length} bytes long`);
    const end = at + length;
    if (end > bytes.length) return;
    const type = u32(at);
    if (type === INTERFACE && length >= 20) {
      if (interfaces.length === MAX_INTERFACES) throw new CaptureError(`More than ${MAX_INTERFACES} interfaces`);
      interfaces.push({ link: u16(at + 8), fraction: fractionOf(bytes, at + 16, end - 4, u16) });
    } else if (type === ENHANCED_PACKET && length >= 32) {
      const from = interfaces[u32(at + 8)];
      const kept = u32(at + 20);
      if (!from || kept > end - 4 - (at + 28)) throw new CaptureError(`Invalid packet at byte ${at}`);
      const time = ((u32(at + 12) * 2 ** 32 + u32(at + 16)) / from.fraction) * 1_000;
      yield { time, link: from.link, bytes: bytes.subarray(at + 28, at + 28 + kept) };
    } else if (type === SIMPLE_PACKET && length >= 16) {
      const [from] = interfaces;
      if (!from) throw new CaptureError(`Invalid packet at byte ${at}: no interface before it`);
      yield { time: 0, link: from.link, bytes: bytes.subarray(at + 12, Math.min(end - 4, at + 12 + u32(at + 8))) };
    }
    at = end;
  }
}

/** Microseconds unless an option of the interface says another power of ten, or of two. */
function fractionOf(bytes: Buffer, from: number, end: number, u16: (at: number) => number): number {
  for (let at = from; at + 4 <= end; ) {
    const [code, length] = [u16(at), u16(at + 2)];
    if (code === RESOLUTION_OPTION && length === 1 && at + 4 < end) {
      const value = bytes.readUInt8(at + 4);
      return value & 0x80 ? 2 ** (value & 0x7f) : 10 ** value;
    }
    at += 4 + length + ((4 - (length % 4)) % 4);
  }
  return 1e6;
}
