/** Over UDP a datagram holds one packet with the IMEI before it, and without a check sum. */
import { Parser } from 'binary-parser';

export interface Datagram {
  readonly packetId: number;
  readonly avlPacketId: number;
  readonly imei: string;
  /** From the codec to the second count. */
  readonly content: Buffer;
}

/** Bytes before the IMEI. */
const HEAD = 8;
const NOT_USABLE = 1;
const layout = new Parser()
  .endianness('big')
  .uint16('length')
  .uint16('packetId')
  .uint8('kind')
  .uint8('avlPacketId')
  .uint16('imeiLength');

/** A datagram of a device, or null: it is none. */
export function readDatagram(bytes: Buffer): Datagram | null {
  if (bytes.length < HEAD) return null;
  const { length, packetId, kind, avlPacketId, imeiLength } = layout.parse(bytes);
  const start = HEAD + imeiLength;
  if (length !== bytes.length - 2 || kind !== NOT_USABLE || start >= bytes.length) return null;
  return { packetId, avlPacketId, imei: bytes.toString('latin1', HEAD, start), content: bytes.subarray(start) };
}

/** A datagram with this content. */
export function datagram({ packetId, avlPacketId, imei, content }: Datagram): Buffer {
  const head = Buffer.alloc(HEAD);
  head.writeUInt16BE(HEAD - 2 + imei.length + content.length, 0);
  head.writeUInt16BE(packetId, 2);
  head.writeUInt8(NOT_USABLE, 4);
  head.writeUInt8(avlPacketId, 5);
  head.writeUInt16BE(imei.length, 6);
  return Buffer.concat([head, Buffer.from(imei, 'latin1'), content]);
}

/** The answer that lets a device forget so many records. */
export function datagramAnswer({ packetId, avlPacketId }: Datagram, count: number): Buffer {
  const bytes = Buffer.of(0, 5, 0, 0, NOT_USABLE, avlPacketId, count);
  bytes.writeUInt16BE(packetId, 2);
  return bytes;
}
