/** Channel data that an external converter takes: sent over the bus, or stored raw where nobody takes it. */
import type { Effect } from '../../protocols/protocol.js';
import { type Device, seriesOf } from '../devices/device.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

/** Milliseconds in which the bus must have taken the data: else it is stored raw, and may be converted as well. */
export const TAKEN_WITHIN = 5_000;

/**
 * Returns the number of the write that makes the data durable, or, where there may be a converter, what resolves when
 * the bus has taken the data or it is durable.
 */
export function handOver(
  parts: GatewayParts,
  connection: Connection,
  device: Device,
  topic: string | null,
  { channel, data }: Extract<Effect, { do: 'handOver' }>,
  now: number,
): number | Promise<void> {
  const isArray = !(data instanceof Uint8Array);
  const hex = isArray ? data.map(toHex) : toHex(data);
  const storeRaw = () => {
    const value = Array.isArray(hex) ? hex.map((part) => ({ hex: part })) : { hex };
    const reading = { type: channel, time: null, data: JSON.stringify(value), listed: null };
    return parts.durability.add(parts.series.prepare(seriesOf(device.id), reading, now));
  };
  if (topic === null || parts.bus.listeners(topic) === 0) return storeRaw();
  const sent = parts.bus.send(topic, {
    _to: topic,
    _from: parts.address,
    _call: isArray ? 'data_array' : 'data_simple',
    _time: now / 1_000,
    device_id: device.id,
    connection_id: connection.id,
    channel,
    data: hex,
  });
  return taken(sent).then((isTaken) =>
    isTaken ? undefined : new Promise((resolve) => parts.durability.whenDurable(storeRaw(), resolve)),
  );
}

function taken(sent: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(false), TAKEN_WITHIN);
    const end = (isTaken: boolean) => {
      clearTimeout(late);
      resolve(isTaken);
    };
    sent.then(
      () => end(true),
      () => end(false),
    );
  });
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
