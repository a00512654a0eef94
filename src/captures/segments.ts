/** TCP segments in what IP carries. */
import type { IpPayload } from './ip.js';

export interface Segment {
  readonly transport: 'tcp';
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

/** The number of TCP in IP. */
export const TCP = 6;

/** The segment, or null: it does not hold all of its header. Throws `RangeError` where it is cut within it. */
export function segmentIn(time: number, { from, to, payload: tcp }: IpPayload): Segment | null {
  const header = (tcp.readUInt8(12) >> 4) * 4;
  if (header < 20 || header > tcp.length) return null;
  const flags = tcp.readUInt8(13);
  return {
    transport: 'tcp',
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
