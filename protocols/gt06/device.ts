/** The device's side of one connection, for simulators, replays and tests: one that waits for its answers. */
import { type DeviceEvent, type DeviceSide, ProtocolError } from '../protocol.js';
import { Reports } from '../reports.js';
import { FrameReader, frameOf, type Packet } from './frames.js';
import { recordContent } from './location.js';
import { ALARMS, EXTENDED_LOCATION, LOCATIONS, PROTOCOL } from './numbers.js';
import { encodedText, loginContent, readCommand } from './texts.js';

/** A device side that can also say what is particular to GT06. */
export interface Gt06Device extends DeviceSide {
  /** Any packet, with the next serial number. */
  packet(protocol: number, content: Uint8Array, long?: boolean): Uint8Array;
}

/** The device's side of one new connection. */
export function createDevice(): Gt06Device {
  const reader = new FrameReader();
  const reports = new Reports();
  let serial = 0;

  function packet(protocol: number, content: Uint8Array, long = false): Buffer {
    serial = (serial + 1) & 0xffff;
    return frameOf(protocol, content, serial, long);
  }

  /** A packet whose answer the device waits for before it forgets. */
  function report(protocol: number, content: Uint8Array): Buffer {
    const bytes = packet(protocol, content);
    reports.sent(serial);
    return bytes;
  }

  function hear({ protocol, content, serial }: Packet): DeviceEvent[] {
    if (protocol === PROTOCOL.login) return [{ event: 'identified', accepted: true }];
    if (protocol === PROTOCOL.time) return [{ event: 'line', line: content.toString('hex') }];
    if (protocol === PROTOCOL.command) {
      const command = readCommand(content);
      return command === null ? [] : [{ event: 'command', id: String(command.flag), text: command.text }];
    }
    if (protocol !== PROTOCOL.heartbeat && !LOCATIONS.has(protocol) && !ALARMS.has(protocol)) return [];
    return reports.answered(serial, true).map((n) => ({ event: 'barrier', n }));
  }

  return {
    packet,
    identify: (ident) => packet(PROTOCOL.login, loginContent(ident.slice(ident.indexOf(':') + 1))),
    location: (location) => report(EXTENDED_LOCATION, recordContent(location)),
    reading: () => NOTHING,
    // Where nothing is waited for, the answer to a heartbeat tells that the server is there.
    barrier: (n) => (reports.barrier(n) ? NOTHING : reports.behind(report(PROTOCOL.heartbeat, STATE), n)),
    settingReported: () => NOTHING,
    settingUnknown: () => NOTHING,
    commandDone: (id, response) =>
      packet(PROTOCOL.encodedText, encodedText({ flag: Number(id), text: response ?? '' })),
    status: () => NOTHING,
    aliveAnswer: () => NOTHING,
    receive(bytes) {
      const events: DeviceEvent[] = [];
      reader.push(bytes);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        if (typeof frame.packet === 'string')
          throw new ProtocolError('malformed', `Invalid frame of the server: ${frame.packet}`, frame.raw);
        events.push(...hear(frame.packet));
      }
      if (reader.tooLong) throw new ProtocolError('protocol_error', 'Frame too long', bytes.subarray(0, 64));
      return events;
    },
  };
}

/** Ignition on, GPS on; voltage and signal full. */
const STATE = Buffer.of(0x42, 0x06, 0x04, 0x00, 0x02);
const NOTHING = Buffer.alloc(0);
