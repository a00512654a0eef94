/** TCP segments in packets: through Ethernet (with VLANs), Linux cooked, loopback or no link layer, IPv4 or IPv6. */
import type { Packet } from './packets.js';

export interface Segment {
  /** UNIX ms. */
  readonly time: number;
  /** `address:port`, IPv6 addresses in brackets. */
  readonly from: string;
  readonly to: string;
  readonly sequence: number;
  readonly syn: boolean;
  readonly ack: boolean;
  readonly fin: boolean;
  readonly rst: boolean;
  readonly payload: Buffer;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLANS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
const TCP = 6;
/** Headers that may stand between IPv6 and TCP: hop by hop, routing, destination options. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);

/** The TCP segment of a packet, or null: it holds none, or not all of its headers. */
export function segmentOf({ time, link, bytes }: Packet): Segment | null {
  try {
    const ip = network(link, bytes);
    return ip && transport(time, ip);
  } catch (error) {
    // Cut in the midst of a header.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** What the link layer carries, beginning with its IP header. */
function network(link: number, bytes: Buffer): Buffer | null {
  switch (link) {
    case 0:
    case 108:
      return bytes.subarray(4);
    case 1: {
      let at = 12;
      while (VLANS.has(bytes.readUInt16BE(at))) at += 4;
      return isIp(bytes.readUInt16BE(at)) ? bytes.subarray(at + 2) : null;
    }
    case 12:
    case 101:
    case 228:
    case 229:
      return bytes;
    case 113:
      return isIp(bytes.readUInt16BE(14)) ? bytes.subarray(16) : null;
    case 276:
      return isIp(bytes.readUInt16BE(0)) ? bytes.subarray(20) : null;
    default:
      return null;
  }
}

function isIp(type: number): boolean {
  return type === IPV4 || type === IPV6;
}

function transport(time: number, ip: Buffer): Segment | null {
  const version = ip.readUInt8(0) >> 4;
  if (version === 4) {
    const header = (ip.readUInt8(0) & 0x0f) * 4;
    const isFragment = (ip.readUInt16BE(6) & 0x3fff) !== 0;
    if (ip.readUInt8(9) !== TCP || isFragment || header < 20) return null;
    // Ethernet pads short packets: what counts is what IP says. Zero where the network card cuts the packets itself.
    const length = ip.readUInt16BE(2) || ip.length;
    const [from, to] = [ip.subarray(12, 16).join('.'), ip.subarray(16, 20).join('.')];
    return segment(time, from, to, ip.subarray(header, Math.max(header, length)));
  }
  if (version !== 6) return null;
  let next = ip.readUInt8(6);
  let at = 40;
  while (EXTENSIONS.has(next)) {
    next = ip.readUInt8(at);
    at += 8 + ip.readUInt8(at + 1) * 8;
  }
  if (next !== TCP) return null;
  const end = ip.readUInt16BE(4) ? 40 + ip.readUInt16BE(4) : ip.length;
  return segment(time, `[${ipv6(ip, 8)}]`, `[${ipv6(ip, 24)}]`, ip.subarray(at, Math.max(at, end)));
}

function segment(time: number, from: string, to: string, tcp: Buffer): Segment | null {
  const header = (tcp.readUInt8(12) >> 4) * 4;
  if (header < 20 || header > tcp.length) return null;
  const flags = tcp.readUInt8(13);
  return {
    time,
    from: `${from}:${tcp.readUInt16BE(0)}`,
    to: `${to}:${tcp.readUInt16BE(2)}`,
    sequence: tcp.readUInt32BE(4),
    fin: (flags & 1) !== 0,
    syn: (flags & 2) !== 0,
    rst: (flags & 4) !== 0,
    ack: (flags & 16) !== 0,
    payload: tcp.subarray(header),
  };
}

function ipv6(ip: Buffer, at: number): string {
  return Array.from({ length: 8 }, (_, part) => ip.readUInt16BE(at + 2 * part).toString(16)).join(':');
}
