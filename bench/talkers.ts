/** What the devices of the load say, by protocol, laid out by hand so that it costs as little as it can. */
import { crc16 } from '../protocols/teltonika/crc.js';

/** One device of the load. */
export interface Talker {
  /** What it says when it is connected. */
  readonly hello: Uint8Array;
  /** Locations with later dates each time, and what asks for their acknowledgement. The same memory each time. */
  batch(): Uint8Array;
  /** Whether the acknowledgement of the newest batch is in what came. */
  isAnswered(bytes: Uint8Array): boolean;
}

/** The first date, in UNIX seconds. */
const FIRST = 1_767_225_600;

/** Makes the talker of a device's number, with so many locations in a batch. */
export const talkers = { m2mp: m2mpTalker, teltonika: teltonikaTalker } as const;

const LOCATION_FRAME = 19;

function m2mpTalker(index: number, batch: number): Talker {
  const ident = Buffer.from(`imei:${String(index).padStart(15, '0')}`);
  const name = Buffer.from('sen:loc');
  // One location frame after another, then the ping; only dates and the ping's number change.
  const message = Buffer.alloc(batch * LOCATION_FRAME + 2);
  for (let i = 0; i < batch; i++) {
    const at = i * LOCATION_FRAME;
    message.set([0x21, LOCATION_FRAME - 2, 1], at);
    message.writeFloatBE(48.8566 + index / 1e4, at + 7);
    message.writeFloatBE(2.3522 + i / 1e4, at + 11);
    message.writeUInt16BE(50, at + 15);
    message.writeInt16BE(120, at + 17);
  }
  let time = FIRST;
  let n = 0;
  let last = -1;
  return {
    hello: Buffer.from([0x01, ident.length, ...ident, 0x20, name.length + 1, 1, ...name]),
    batch() {
      for (let i = 0; i < batch; i++) message.writeUInt32BE(time++, i * LOCATION_FRAME + 3);
      n = (n + 1) & 0xff;
      message.set([0x02, n], batch * LOCATION_FRAME);
      last = -1;
      return message;
    },
    isAnswered(bytes) {
      for (const byte of bytes) {
        if (last === 0x02 && byte === n) return true;
        last = byte;
      }
      return false;
    },
  };
}

/** Milliseconds before now of the first date. */
const RECENT = 60_000;
const RECORD = 30;
const PACKET_HEAD = 10;

/** A packet of codec 8, whose records hold a location and no inputs and outputs; of now, as old ones are marked so. */
function teltonikaTalker(index: number, batch: number): Talker {
  const message = Buffer.alloc(PACKET_HEAD + batch * RECORD + 5);
  const end = message.length - 4;
  message.writeUInt32BE(end - 8, 4);
  message.set([0x08, batch], 8);
  message[end - 1] = batch;
  for (let i = 0; i < batch; i++) {
    const at = PACKET_HEAD + i * RECORD;
    message.writeInt32BE(Math.round(2.3522e7 + i * 1e3), at + 9);
    message.writeInt32BE(Math.round(48.8566e7 + index * 1e3), at + 13);
    message.writeInt16BE(120, at + 17);
    message.writeUInt8(9, at + 21);
    message.writeUInt16BE(50, at + 22);
  }
  let time = Date.now() - RECENT;
  let answered = 0;
  return {
    hello: Buffer.from(`\u0000\u000f${String(index).padStart(15, '0')}`, 'latin1'),
    batch() {
      for (let i = 0; i < batch; i++) {
        const milliseconds = time++;
        message.writeUInt32BE(Math.floor(milliseconds / 2 ** 32), PACKET_HEAD + i * RECORD);
        message.writeUInt32BE(milliseconds % 2 ** 32, PACKET_HEAD + i * RECORD + 4);
      }
      message.writeUInt32BE(crc16(message, 8, end), end);
      answered = 0;
      return message;
    },
    isAnswered(bytes) {
      answered += bytes.length;
      return answered >= 4;
    },
  };
}
