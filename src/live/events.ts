/** What listeners are told, and which of it they asked for. */
import type { Message } from '../bus/bus.js';
import { jsonOf } from '../queries/json.js';

/** One event as a client sees it: its name and its data. */
export interface StreamEvent {
  readonly event: 'reading' | 'connected' | 'identified' | 'disconnected' | 'resumed' | 'missed' | 'end';
  readonly data: Readonly<Record<string, unknown>>;
}

/** What a listener is limited to; null: everything. */
export interface Filter {
  /** UUIDs. */
  readonly devices: ReadonlySet<string> | null;
  /** Of readings: these alone, and no connections. */
  readonly types: ReadonlySet<string> | null;
}

/** The device that a message is about, or null: it is about none. */
export function deviceOfMessage({ device_id: device }: Message): string | null {
  return typeof device === 'string' ? device : null;
}

/** A message of the topic `events` as a client sees it; null: not for this one. */
export function eventOf(message: Message, { devices, types }: Filter): StreamEvent | null {
  const device = message['device_id'];
  if (devices !== null && (typeof device !== 'string' || !devices.has(device))) return null;
  if (message._call === 'reading_stored') {
    const { ident, time, type, data, id } = message;
    if (typeof time !== 'number' || typeof data !== 'string' || typeof type !== 'string') return null;
    if (types !== null && !types.has(type)) return null;
    return { event: 'reading', data: { device, ident, time: isoDate(time), type, data: jsonOf(data), id } };
  }
  const event = connectionEvents.get(message._call);
  if (!event || types !== null) return null;
  const { connection_id: connection, protocol, source, host, connection_duration: seconds, why } = message;
  const time = isoDate(receivedAt(message));
  return { event, data: { device, connection, protocol, source, host, time, seconds, why } };
}

/** When what a message tells of arrived, UNIX ms. */
export function receivedAt({ _time: seconds }: Message): number {
  return Math.round(seconds * 1_000);
}

/** UNIX ms as ISO 8601 in UTC with milliseconds. */
export function isoDate(time: number): string {
  return new Date(time).toISOString();
}

const connectionEvents: ReadonlyMap<string, StreamEvent['event']> = new Map([
  ['device_connected', 'connected'],
  ['device_identified', 'identified'],
  ['device_disconnected', 'disconnected'],
]);
