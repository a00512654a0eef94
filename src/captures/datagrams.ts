/** UDP datagrams in what IP carries. */
import type { IpPayload } from './ip.js';

export interface Datagram {
  readonly transport: 'udp';
  /** UNIX ms. */
  readonly time: number;
  /** `address:port`, IPv6 addresses in brackets. */
  readonly from: string;
  readonly to: string;
  readonly payload: Buffer;
}

/** Milliseconds of quiet after which two ports that speak UDP begin anew. */
export const QUIET_BETWEEN_EXCHANGES = 300_000;
/** The number of UDP in IP. */
export const UDP = 17;
/** Bytes of its header. */
const HEADER = 8;

/** The datagram, or null: it was not captured whole. Throws `RangeError` where it is cut within its header. */
export function datagramIn(time: number, { from, to, payload: udp }: IpPayload): Datagram | null {
  const length = udp.readUInt16BE(4);
  if (length < HEADER || length > udp.length) return null;
  return {
    transport: 'udp',
    time,
    from: `${from}:${udp.readUInt16BE(0)}`,
    to: `${to}:${udp.readUInt16BE(2)}`,
    payload: udp.subarray(HEADER, length),
  };
}
