/**
 * The device's side of one connection, for simulators, replays and tests. Records are held back until a barrier sends
 * them as one packet, as a device does; its answer is the barrier's.
 */
import { type DeviceEvent, type DeviceSide, ProtocolError } from '../protocol.js';
import { Unread } from '../unread.js';
import { login, PACKET_HEAD, PACKET_TAIL, packet } from './frames.js';
import { imeiOf } from './imei.js';
import { IOS } from './ios.js';
import { CODEC, type IoValue, type RecordToWrite, recordsContent } from './records.js';
import { readText, TEXT, textContent } from './texts.js';

/** A device side that can also say any packet. */
export interface TeltonikaDevice extends DeviceSide {
  /** A packet of records in a codec. */
  records(records: readonly RecordToWrite[], codec?: number): Uint8Array;
}

/** Records of one packet, as devices send them at the most. */
export const MAX_RECORDS = 255;
/** Packets that are sent and not answered, at the most: their barriers are told in order. */
const MAX_OPEN = 1_024;

/** The device's side of one new connection. */
export function createDevice(): TeltonikaDevice {
  const unread = new Unread();
  let identified = false;
  let held: RecordToWrite[] = [];
  let commands = 0;
  /** Packets that were sent and not answered: their records, and the barriers that their answer answers. */
  const open: { readonly records: number; readonly barriers: number[] }[] = [];

  function records(those: readonly RecordToWrite[], codec: number = CODEC.avlExtended): Buffer {
    if (open.length < MAX_OPEN) open.push({ records: those.length, barriers: [] });
    return packet(recordsContent(codec, those));
  }

  function flush(): Buffer {
    const packets: Buffer[] = [];
    for (let start = 0; start < held.length; start += MAX_RECORDS)
      packets.push(records(held.slice(start, start + MAX_RECORDS)));
    held = [];
    return Buffer.concat(packets);
  }

  return {
    records,
    identify: (ident) => login(imeiOf(ident)),
    location(location) {
      if ('sat' in location) held.push({ ...NOWHERE, ...location });
      else held.push({ sat: SATELLITES, ...location });
      return NOTHING;
    },
    reading(type, value, time) {
      const io = ioValue(type, value);
      if (io) held.push({ ...NOWHERE, time: time ?? 0, values: [io] });
      return NOTHING;
    },
    barrier(n) {
      // What was sent before may have been answered already: a record that says nothing makes the device ask again.
      if (held.length === 0 && open.length === 0) held.push(NOWHERE);
      const bytes = flush();
      open.at(-1)?.barriers.push(n);
      return bytes;
    },
    settingReported: () => NOTHING,
    settingUnknown: () => NOTHING,
    commandDone: (_, response) => packet(textContent(TEXT.answer, response ?? '')),
    status: () => NOTHING,
    aliveAnswer: () => NOTHING,
    receive(bytes) {
      const events: DeviceEvent[] = [];
      unread.push(bytes);
      for (;;) {
        const event = next();
        if (event === null) break;
        events.push(...event);
      }
      unread.release();
      return events;
    },
  };

  /** What the next message of the server says, or null: it is not whole. */
  function next(): DeviceEvent[] | null {
    const { bytes } = unread;
    if (bytes.length === 0) return null;
    if (!identified) {
      const [answer] = unread.take(1);
      if (answer !== 0 && answer !== 1) throw broken('Invalid answer to a login, expected 00 or 01', bytes);
      identified = answer === 1;
      return [{ event: 'identified', accepted: identified }];
    }
    if (bytes.length < 4) return null;
    // A command begins with four zeros, where an answer has a count.
    return bytes.readUInt32BE(0) === 0 ? command() : answered(unread.take(4).readUInt32BE(0));
  }

  function answered(count: number): DeviceEvent[] {
    const first = open.shift();
    if (!first || first.records !== count)
      throw broken(`Invalid answer: ${count} records, ${first?.records ?? 'none'} were sent`, new Uint8Array());
    return first.barriers.map((n) => ({ event: 'barrier', n }));
  }

  function command(): DeviceEvent[] | null {
    const { bytes } = unread;
    if (bytes.length < PACKET_HEAD) return null;
    const length = bytes.readUInt32BE(4);
    const whole = PACKET_HEAD + length + PACKET_TAIL;
    if (length > MAX_COMMAND_BYTES) throw broken(`Invalid command of ${length} bytes`, bytes);
    if (bytes.length < whole) return null;
    const taken = unread.take(whole);
    const message = readText(taken.subarray(PACKET_HEAD, PACKET_HEAD + length));
    if ('misfit' in message || message.type !== TEXT.command) throw broken('Invalid command', taken);
    return [{ event: 'command', id: String(++commands), text: message.text }];
  }
}

/** Bytes of a command that a device takes. */
const MAX_COMMAND_BYTES = 65_536;
const NOTHING = new Uint8Array();
/** A record without a fix and without anything else. */
const NOWHERE: RecordToWrite = { time: 0, lat: 0, lon: 0, sat: 0 };
/** Satellites that a device of which nothing else is known sees. */
const SATELLITES = 9;

/** The input or output of a type, in four bytes, or null: there is none, or it takes no such value. */
function ioValue(type: string, value: string): IoValue | null {
  for (const [id, io] of IOS) {
    if (io.type !== type || io.as === 'hex' || io.as === 'digits') continue;
    const number = value === 'true' ? 1 : value === 'false' ? 0 : Math.round(Number(value) / (io.scale ?? 1));
    if (value === '' || !Number.isFinite(number) || Math.abs(number) > 0x7fff_ffff) return null;
    const bytes = Buffer.alloc(4);
    if (io.as === 'signed' || number < 0) bytes.writeInt32BE(number);
    else bytes.writeUInt32BE(number);
    return { id, bytes };
  }
  return null;
}

function broken(why: string, bytes: Uint8Array): ProtocolError {
  return new ProtocolError('protocol_error', why, bytes.subarray(0, 64));
}
