/**
 * The device's side of one connection, for simulators, replays and tests. It says all that a device may, in frames of
 * the smallest width that fits or a larger one, and can number its channels as a certain client does.
 */
import { type DeviceEvent, type DeviceSide, ProtocolError } from '../protocol.js';
import { FRAME, type Frame, FrameReader, hexByte, type Width, writeUint } from './frames.js';
import { locationBytes, secondsOf } from './location-layout.js';
import * as messages from './messages.js';
import { textOf } from './text.js';

/** A device side that can also say what is particular to M2MP. */
export interface M2mpDevice extends DeviceSide {
  /** Data on a channel, after its definition where that is due. Throws RangeError over 1 MiB. */
  data(channel: string, payload: Uint8Array, atLeast?: Width): Uint8Array;
  /** An array on a channel, after its definition where that is due. Throws RangeError over 1 MiB. */
  array(channel: string, elements: readonly Uint8Array[], atLeast?: Width): Uint8Array;
  /** Asks for all settings. */
  askSettings(): Uint8Array;
  /** Asks to close this connection, or all of this device. */
  disconnect(scope: 'connection' | 'device'): Uint8Array;
}

/** How a client numbers the channels it defines: from `first` on, `count` ids (1 to 256), then from `first` again. */
export interface DeviceOptions {
  readonly channels?: { readonly first: number; readonly count: number };
}

/** The device's side of one new connection. */
export function createDevice({ channels = { first: 0, count: 256 } }: DeviceOptions = {}): M2mpDevice {
  const ids = new Map<string, number>();
  const defined: string[] = [];
  let next = 0;

  function on(channel: string, frame: (id: number) => Uint8Array): Uint8Array {
    const known = ids.get(channel);
    if (known !== undefined) return frame(known);
    const id = channels.first + next;
    const said = Buffer.concat([messages.definition(id, channel), frame(id)]);
    const before = defined[next];
    if (before !== undefined) ids.delete(before);
    defined[next] = channel;
    ids.set(channel, id);
    next = (next + 1) % channels.count;
    return said;
  }

  const data = (channel: string, payload: Uint8Array, atLeast?: Width) =>
    on(channel, (id) => messages.data(id, payload, atLeast));
  const array = (channel: string, elements: readonly Uint8Array[], atLeast?: Width) =>
    on(channel, (id) => messages.array(id, elements, atLeast));
  const texts = (channel: string, ...elements: string[]) => array(channel, elements.map(utf8));

  const reader = new FrameReader('server');
  const names = new Map<number, string>();

  return {
    data,
    array,
    askSettings: () => texts('_set', 'ga'),
    disconnect: (scope) => data('_special', utf8(scope === 'device' ? 'disconnect_us' : 'disconnect_me')),
    identify: messages.identRequest,
    location: (location) => data('sen:loc', locationBytes(location)),
    reading(type, value, time) {
      if (time === null) return data(type, utf8(value));
      if (!/^l?sen:/.test(type) || type === 'sen:loc') return new Uint8Array();
      const seconds = Buffer.alloc(4);
      writeUint(seconds, 0, 4, secondsOf(time));
      return array(type, [seconds, utf8(value)]);
    },
    barrier: messages.ping,
    settingReported: (name, value) => texts('_set', 'g', `${name}=${value}`),
    settingUnknown: (name) => texts('_set', 'u', name),
    commandDone: (id, response) => texts('_cmd', 'a', id, ...(response === null ? [] : response.split('\n'))),
    status: (name, value) => texts('_sta', 'g', `${name}=${value}`),
    aliveAnswer: messages.serverPing,
    receive(bytes) {
      const events: DeviceEvent[] = [];
      reader.push(bytes);
      for (let frame = reader.next(); frame !== null; frame = reader.next()) events.push(...hear(frame, names));
      if (reader.problem) throw reader.problem;
      return events;
    },
  };
}

type Hearer = (frame: Frame, names: Map<number, string>) => DeviceEvent[];

const hearers: (Hearer | undefined)[] = [];
hearers[FRAME.ident] = (frame) => [{ event: 'identified', accepted: second(frame) === 1 }];
hearers[FRAME.ping] = (frame) => [{ event: 'barrier', n: second(frame) }];
hearers[FRAME.serverPing] = (frame) => [{ event: 'aliveAsked', n: second(frame) }];
hearers[FRAME.definition] = (frame, names) => {
  const { id, name } = messages.readDefinition(frame);
  names.set(id, name.toString());
  return [];
};
for (const type of Object.values(FRAME.data))
  hearers[type] = (frame, names) => [{ event: 'data', channel: nameOf(frame, names), data: [messages.payload(frame)] }];
for (const type of Object.values(FRAME.array)) hearers[type] = arrayEvents;

function hear(frame: Frame, names: Map<number, string>): DeviceEvent[] {
  const hearer = hearers[frame.type];
  if (hearer) return hearer(frame, names);
  throw broken(frame, 'unknown_frame', `Unknown frame type ${hexByte(frame.type)}`);
}

function arrayEvents(frame: Frame, names: Map<number, string>): DeviceEvent[] {
  const channel = nameOf(frame, names);
  const data = messages.readElements(frame);
  if (data === null)
    throw broken(frame, 'protocol_error', 'Invalid array: its elements do not end where the frame does');
  const [kind, ...rest] = data.map((element) => textOf(element) ?? '');
  if (channel === '_set' && kind === 'ga') return [{ event: 'settingsAsked' }];
  if (channel === '_set' && kind === 'sg') return rest.map(settingEvent);
  if (channel === '_sta' && kind === 'g') return rest.map((name) => ({ event: 'statusAsked', name }));
  const [id, ...lines] = rest;
  if (channel === '_cmd' && kind === 'e' && id !== undefined) return [{ event: 'command', id, text: lines.join('\n') }];
  return [{ event: 'data', channel, data }];
}

function settingEvent(text: string): DeviceEvent {
  const equals = text.indexOf('=');
  return { event: 'setting', name: text.slice(0, equals), value: text.slice(equals + 1) };
}

function nameOf(frame: Frame, names: Map<number, string>): string {
  const id = messages.channelId(frame);
  return names.get(id) ?? `__channel_${id}`;
}

function second(frame: Frame): number {
  return frame.bytes[frame.start + 1] ?? 0;
}

function broken(frame: Frame, code: 'protocol_error' | 'unknown_frame', why: string): ProtocolError {
  return new ProtocolError(code, why, frame.bytes.subarray(frame.start, frame.end));
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}
