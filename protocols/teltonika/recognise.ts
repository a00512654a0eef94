import type { Recognition } from '../protocol.js';
import { readDatagram } from './datagrams.js';
import { KEEP_ALIVE, MAX_PACKET_BYTES, MIN_PACKET_BYTES, PACKET_HEAD } from './frames.js';
import { holdsRecords } from './records.js';
import { holdsText } from './texts.js';

/** Characters of an IMEI. */
const IMEI_LENGTH = 15;

/** A login with an IMEI, a packet (where the beginning is not known), or a datagram with one. */
export function recognise(first: Uint8Array): Recognition {
  const all = Buffer.from(first.buffer, first.byteOffset, first.byteLength);
  const begin = all.findIndex((byte) => byte !== KEEP_ALIVE);
  if (begin === -1 || begin > MAX_KEEP_ALIVES) return all.length > MAX_KEEP_ALIVES ? 'no' : 'more';
  const bytes = all.subarray(begin);
  const datagram = readDatagram(all);
  if (datagram !== null) return holdsRecords(datagram.content[0] ?? 0) ? 'yes' : 'no';
  if (bytes.length === 1) return bytes[0] === 0 ? 'more' : 'no';
  const login = bytes.readUInt16BE(0);
  if (login === IMEI_LENGTH) return digits(bytes.subarray(2));
  return login === 0 ? packet(bytes) : 'no';
}

/** Keep-alives that are looked past. */
const MAX_KEEP_ALIVES = 16;

function digits(bytes: Buffer): Recognition {
  const imei = bytes.subarray(0, IMEI_LENGTH);
  if (!imei.every((byte) => byte >= 0x30 && byte <= 0x39)) return 'no';
  return imei.length === IMEI_LENGTH ? 'yes' : 'more';
}

function packet(bytes: Buffer): Recognition {
  if (bytes.subarray(0, 4).some((byte) => byte !== 0)) return 'no';
  if (bytes.length <= PACKET_HEAD) return 'more';
  const [length, codec] = [bytes.readUInt32BE(4), bytes[PACKET_HEAD] ?? 0];
  const fits = length >= MIN_PACKET_BYTES && length <= MAX_PACKET_BYTES;
  return fits && (holdsRecords(codec) || holdsText(codec)) ? 'yes' : 'no';
}
