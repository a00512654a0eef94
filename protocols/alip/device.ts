/** The device's side of one connection, for simulators, replays and tests. */
import { type DeviceEvent, type DeviceSide, type Location, ProtocolError } from '../protocol.js';
import { LineReader, lineBytes } from './lines.js';

/** A device side that can also say any line. */
export interface AlipDevice extends DeviceSide {
  /** One line; line breaks in it are written as `\n`, two characters. */
  line(text: string): Uint8Array;
}

/** The device's side of one new connection. */
export function createDevice(): AlipDevice {
  const reader = new LineReader();
  /** Settings that were sent and not answered yet, by name: they are acknowledged, others reported. */
  const asked = new Map<string, string>();

  function settingReported(name: string, value: string): Uint8Array {
    const acknowledges = asked.get(name) === value;
    asked.delete(name);
    return lineBytes(`S ${acknowledges ? 'A' : 'S'} ${name} ${value}`);
  }

  return {
    line: lineBytes,
    identify: (ident) => lineBytes(`ID ${ident}`),
    location: (location) => lineBytes(`E ${timeText(location.time)} L ${locationText(location)}`),
    reading(type, value, time) {
      const sent = type.startsWith('lsen:') ? `LS:${type.slice(5)}` : type;
      return lineBytes(time === null ? `D ${sent} ${value}` : `E ${timeText(time)} ${sent} ${value}`);
    },
    barrier: (n) => lineBytes(`A ${n}`),
    settingReported,
    settingUnknown: (name) => lineBytes(`S U ${name}`),
    commandDone: (id, response) => lineBytes(response === null ? `C A ${id}` : `C A ${id} ${response}`),
    status: () => new Uint8Array(),
    aliveAnswer: (n) => lineBytes(`B ${n}`),
    receive(bytes) {
      const events: DeviceEvent[] = [];
      reader.push(bytes);
      for (let line = reader.next(); line !== null; line = reader.next()) {
        const event = hear(line);
        if (event.event === 'setting') remember(asked, event.name, event.value);
        events.push(event);
      }
      if (reader.tooLong) throw new ProtocolError('line_too_long', 'Line too long', bytes.subarray(0, 64));
      return events;
    },
  };
}

/** Settings that a device remembers to acknowledge; the oldest is forgotten, and would be reported instead. */
const MAX_ASKED = 1_024;

function remember(asked: Map<string, string>, name: string, value: string): void {
  asked.delete(name);
  asked.set(name, value);
  for (const oldest of asked.keys()) {
    if (asked.size <= MAX_ASKED) break;
    asked.delete(oldest);
  }
}

/** What a line of the server says. */
function hear(line: string): DeviceEvent {
  const [, setting, value = ''] = /^S S (\S+)(?: (.*))?$/s.exec(line) ?? [];
  if (setting !== undefined) return { event: 'setting', name: setting, value };
  const [, command, text] = /^C (\d+) (.*)$/s.exec(line) ?? [];
  if (command !== undefined && text !== undefined) return { event: 'command', id: command, text };
  const [, word, number] = /^([AB]) (\d+)$/.exec(line) ?? [];
  if (word === 'A') return { event: 'aliveAsked', n: Number(number) };
  if (word === 'B') return { event: 'barrier', n: Number(number) };
  if (line === 'ID 1' || line === 'ID 0') return { event: 'identified', accepted: line === 'ID 1' };
  if (line === 'S GA') return { event: 'settingsAsked' };
  if (line.startsWith('QUIT')) return { event: 'closing', why: line.slice(5) };
  return { event: 'line', line };
}

/** UNIX ms in the 13 digits that the server takes for it. */
function timeText(time: number): string {
  return String(Math.trunc(time)).padStart(13, '0');
}

function locationText(location: Location): string {
  if ('sat' in location) return String(location.sat);
  const { lat, lon, spd, alt } = location;
  const fields = [decimal(lat), decimal(lon)];
  if (spd !== undefined || alt !== undefined) fields.push(spd === undefined ? '' : decimal(spd));
  if (alt !== undefined) fields.push(decimal(alt));
  return fields.join(',');
}

/** A number without an exponent. */
function decimal(value: number): string {
  const text = String(value);
  return text.includes('e') ? value.toFixed(12) : text;
}
