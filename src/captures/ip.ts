/** What packets carry in IP: through Ethernet (with VLANs), Linux cooked, loopback or no link layer, IPv4 or IPv6. */
import type { Packet } from './packets.js';

/** What one IP packet carries, whole. */
export interface IpPayload {
  /** As IP numbers them: 6 is TCP, 17 UDP. */
  readonly protocol: number;
  /** Addresses, those of IPv6 in brackets. */
  readonly from: string;
  readonly to: string;
  readonly payload: Buffer;
}

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const VLANS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100]);
/** Headers that may stand between IPv6 and what it carries: hop by hop, routing, destination options. */
const EXTENSIONS: ReadonlySet<number> = new Set([0, 43, 60]);

/** What the packet carries, or null: it is no IP, or a fragment. Throws `RangeError` where it is cut within a header. */
export function ipPayloadOf({ link, bytes }: Packet): IpPayload | null {
  const ip = network(link, bytes);
  return ip && carriedBy(ip);
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

function carriedBy(ip: Buffer): IpPayload | null {
  const version = ip.readUInt8(0) >> 4;
  if (version === 4) {
    const header = (ip.readUInt8(0) & 0x0f) * 4;
    const isFragment = (ip.readUInt16BE(6) & 0x3fff) !== 0;
    if (isFragment || header < 20) return null;
    // Ethernet pads short packets: what counts is what IP says. Zero where the network card cuts the packets itself.
    const length = ip.readUInt16BE(2) || ip.length;
    const [from, to] = [ip.subarray(12, 16).join('.'), ip.subarray(16, 20).join('.')];
    return { protocol: ip.readUInt8(9), from, to, payload: ip.subarray(header, Math.max(header, length)) };
  }
  if (version !== 6) return null;
  let next = ip.readUInt8(6);
  let at = 40;
  while (EXTENSIONS.has(next)) {
    next = ip.readUInt8(at);
    at += 8 + ip.readUInt8(at + 1) * 8;
  }
  const end = ip.readUInt16BE(4) ? 40 + ip.readUInt16BE(4) : ip.length;
  const payload = ip.subarray(at, Math.max(at, end));
  return { protocol: next, from: `[${ipv6(ip, 8)}]`, to: `[${ipv6(ip, 24)}]`, payload };
}

function ipv6(ip: Buffer, at: number): string {
  return Array.from({ length: 8 }, (_, part) => ip.readUInt16BE(at + 2 * part).toString(16)).join(':');
}
