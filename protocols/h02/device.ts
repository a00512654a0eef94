/** The device's side of one connection, for simulators, replays and tests: one that waits for its answers. */
import { type DeviceEvent, type DeviceSide, ProtocolError } from '../protocol.js';
import { Reports } from '../reports.js';
import { FrameReader } from './frames.js';
import { locationFields, readText, type Text, textOf } from './text.js';

/** A device side that can also say what is particular to H02. */
export interface H02Device extends DeviceSide {
  /** Any text. */
  text(kind: string, ...fields: readonly string[]): Uint8Array;
}

/** The device's side of one new connection. */
export function createDevice(maker = 'HQ'): H02Device {
  const reader = new FrameReader();
  const reports = new Reports();
  let id = '0000';
  let identified = false;
  /** Numbers of reports: answers do not name them, and come in their order. */
  let sent = 0;
  let answered = 0;

  const text = (kind: string, ...fields: readonly string[]) => textOf(maker, id, kind, ...fields);

  function report(kind: string, ...fields: readonly string[]): Buffer {
    reports.sent(sent++);
    return text(kind, ...fields);
  }

  function hear({ kind, fields }: Text): DeviceEvent[] {
    const [about, ...parameters] = fields;
    if (kind === 'HTBT' && !identified) {
      identified = true;
      return [{ event: 'identified', accepted: true }];
    }
    if (kind === 'HTBT' || (kind === 'V4' && (about === 'V1' || about === 'V6')))
      return reports.answered(answered++, true).map((n) => ({ event: 'barrier', n }));
    if (about === undefined) return [];
    return [{ event: 'command', id: `${kind} ${about}`, text: [kind, ...parameters].join(',') }];
  }

  return {
    text,
    // Nothing else is answered whatever the device.
    identify(ident) {
      id = ident.slice(ident.indexOf(':') + 1);
      return text('HTBT', '100');
    },
    location: (location) => report('V1', ...locationFields(location)),
    reading: () => NOTHING,
    barrier: (n) => (reports.barrier(n) ? NOTHING : reports.behind(report('HTBT', '100'), n)),
    settingReported: () => NOTHING,
    settingUnknown: () => NOTHING,
    commandDone(command, response) {
      const [code = '', time = ''] = command.split(/ (?=\d{6}$)/);
      return text('V4', code, ...(response === null ? [] : [response]), time);
    },
    status: () => NOTHING,
    aliveAnswer: () => NOTHING,
    receive(bytes) {
      const events: DeviceEvent[] = [];
      reader.push(bytes);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        const said = frame.form === 'text' ? readText(frame.raw) : null;
        if (said === null) throw new ProtocolError('malformed', 'Invalid text of the server', frame.raw);
        events.push(...hear(said));
      }
      if (reader.tooLong) throw new ProtocolError('protocol_error', 'Text too long', bytes.subarray(0, 64));
      return events;
    },
  };
}

const NOTHING = Buffer.alloc(0);
