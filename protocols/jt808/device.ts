/** The device's side of one connection, for simulators, replays and tests. It speaks as the standard of 2013 or 2019. */
import { type DeviceEvent, type DeviceSide, type Location, ProtocolError } from '../protocol.js';
import { Reports } from '../reports.js';
import { FrameReader, readContent } from './frames.js';
import { readGbk } from './gbk.js';
import { idText, MESSAGE, RESULT } from './ids.js';
import { recordBody } from './location.js';
import { type Message, messageFrames, readMessage, type Terminal, terminalOf, words } from './messages.js';
import { parameterOf, parametersBody, readParameters, settingOf } from './parameters.js';
import { CLOCK_OFFSET } from './session.js';

/** A device side that can also say what is particular to JT/T 808. */
export interface Jt808Device extends DeviceSide {
  /** Any message; over 1,023 bytes in sub-packages. */
  message(id: number, body: Uint8Array): Uint8Array;
  /** Locations in one message, as a device sends what it kept where there was no network. */
  batch(locations: readonly Location[]): Uint8Array;
}

export interface DeviceOptions {
  /** The version byte of 2019, or null: 2013. */
  readonly version?: number | null;
}

/** The device's side of one new connection. */
export function createDevice({ version = null }: DeviceOptions = {}): Jt808Device {
  const reader = new FrameReader();
  const reports = new Reports();
  /** Serial numbers of the server's messages that set a setting and were not answered yet. */
  const asked = new Map<string, { readonly serial: number; readonly value: string }>();
  /** Ids of the server's messages that were commands, by their serial numbers. */
  const commands = new Map<string, number>();
  let terminal: Terminal = terminalOf('0', version);
  let serial = 0;

  function message(id: number, body: Uint8Array): Buffer {
    const frames = messageFrames(id, terminal, serial, body);
    serial = (serial + frames.length) & 0xffff;
    return Buffer.concat(frames);
  }

  /** A message whose answer says that it is durable. */
  function report(id: number, body: Uint8Array): Buffer {
    const bytes = message(id, body);
    reports.sent((serial - 1) & 0xffff);
    return bytes;
  }

  function batch(locations: readonly Location[]): Buffer {
    const records = locations.map((location) => recordBody(location, CLOCK_OFFSET));
    const listed = records.flatMap((record) => [words(record.length), record]);
    return report(MESSAGE.batch, Buffer.concat([words(records.length), Buffer.of(KEPT), ...listed]));
  }

  const answer = (to: number, id: number, result: number) =>
    message(MESSAGE.answer, Buffer.concat([words(to, id), Buffer.of(result)]));

  function hear(frame: Message): DeviceEvent[] {
    switch (frame.id) {
      case MESSAGE.platformAnswer:
        return frame.body.length === 5 ? hearAnswer(frame.body) : [];
      case MESSAGE.registered:
        return [{ event: 'identified', accepted: frame.body[2] === 0 }];
      case MESSAGE.setParameters:
        return hearSettings(frame);
      case MESSAGE.askParameters:
        return [{ event: 'settingsAsked' }];
      case MESSAGE.askLocation:
        return [{ event: 'aliveAsked', n: frame.serial & 0xff }];
      case MESSAGE.timeIs:
        return [{ event: 'line', line: frame.body.toString('hex') }];
      default:
        remember(commands, String(frame.serial), frame.id);
        return [{ event: 'command', id: String(frame.serial), text: commandText(frame) }];
    }
  }

  function hearAnswer(body: Buffer): DeviceEvent[] {
    const [to, id, result] = [body.readUInt16BE(0), body.readUInt16BE(2), body[4] ?? 0];
    if (id === MESSAGE.authenticate) return [{ event: 'identified', accepted: result === RESULT.ok }];
    return reports.answered(to, result === RESULT.ok).map((n) => ({ event: 'barrier', n }));
  }

  function hearSettings(frame: Message): DeviceEvent[] {
    return (readParameters(frame.body.subarray(1)) ?? []).map((parameter) => {
      const { name, value } = settingOf(parameter);
      remember(asked, name, { serial: frame.serial, value });
      return { event: 'setting', name, value };
    });
  }

  return {
    message,
    batch,
    identify(ident) {
      terminal = terminalOf(digits(ident), version);
      return message(MESSAGE.authenticate, authentication(ident, terminal));
    },
    location: (location) => report(MESSAGE.location, recordBody(location, CLOCK_OFFSET)),
    reading: () => NOTHING,
    barrier: (n) => (reports.barrier(n) ? NOTHING : reports.behind(batch([]), n)),
    settingReported(name, value) {
      const sent = asked.get(name);
      asked.delete(name);
      if (sent?.value === value) return answer(sent.serial, MESSAGE.setParameters, RESULT.ok);
      const parameter = parameterOf({ name, value });
      if (typeof parameter === 'string') return NOTHING;
      return message(MESSAGE.parameters, Buffer.concat([words(0), parametersBody([parameter])]));
    },
    settingUnknown(name) {
      const sent = asked.get(name);
      asked.delete(name);
      return sent === undefined ? NOTHING : answer(sent.serial, MESSAGE.setParameters, RESULT.notSupported);
    },
    commandDone(id) {
      const message = commands.get(id);
      commands.delete(id);
      return message === undefined ? NOTHING : answer(Number(id), message, RESULT.ok);
    },
    status: () => NOTHING,
    aliveAnswer: () => message(MESSAGE.heartbeat, NOTHING),
    receive(bytes) {
      const events: DeviceEvent[] = [];
      reader.push(bytes);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) {
        const content = readContent(frame.raw);
        const said = typeof content === 'string' ? null : readMessage(content);
        if (said === null || said.problem !== null)
          throw new ProtocolError('malformed', 'Invalid frame of the server', frame.raw);
        events.push(...hear(said));
      }
      if (reader.tooLong) throw new ProtocolError('protocol_error', 'Frame too long', bytes.subarray(0, 64));
      return events;
    },
  };
}

/** The phone number of an ident `jt808:13800000001`. */
function digits(ident: string): string {
  return ident.slice(ident.indexOf(':') + 1);
}

/** The code, which is the phone number; since 2019 with its length, an IMEI and a version behind it. */
function authentication(ident: string, { version }: Terminal): Buffer {
  const code = Buffer.from(digits(ident));
  return version === null ? code : Buffer.concat([Buffer.of(code.length), code, Buffer.alloc(35)]);
}

function commandText({ id, body }: Message): string {
  if (id === MESSAGE.text) return readGbk(body.subarray(1)) ?? '';
  if (id === MESSAGE.control) return `control ${body[0] ?? 0} ${readGbk(body.subarray(1)) ?? ''}`.trim();
  return `hex ${idText(id)} ${body.toString('hex')}`.trim();
}

/** Settings and commands that a device remembers to answer; the oldest is forgotten. */
const MAX_ASKED = 1_024;

function remember<T>(map: Map<string, T>, name: string, what: T): void {
  map.delete(name);
  map.set(name, what);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_ASKED) break;
    map.delete(oldest);
  }
}

/** The kind of a batch of what was kept. */
const KEPT = 1;
const NOTHING = Buffer.alloc(0);
