/** Channel data that an external converter takes: sent over the bus, or stored raw where nobody listens. */
import type { Effect } from '../../protocols/protocol.js';
import { type Device, seriesOf } from '../devices/device.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

/** Returns the number of the write that makes the data durable, or 0 where a converter took it over. */
export function handOver(
  parts: GatewayParts,
  connection: Connection,
  device: Device,
  topic: string | null,
  { channel, data }: Extract<Effect, { do: 'handOver' }>,
  now: number,
): number {
  const isArray = !(data instanceof Uint8Array);
  const hex = isArray ? data.map(toHex) : toHex(data);
  if (topic !== null && parts.bus.listeners(topic) > 0) {
    const taken = parts.bus.publish(topic, {
      _to: topic,
      _from: parts.address,
      _call: isArray ? 'data_array' : 'data_simple',
      _time: now / 1_000,
      device_id: device.id,
      connection_id: connection.id,
      channel,
      data: hex,
    });
    if (taken) return 0;
  }
  const value = Array.isArray(hex) ? hex.map((part) => ({ hex: part })) : { hex };
  const reading = { type: channel, time: null, data: JSON.stringify(value), listed: null };
  return parts.durability.add(parts.series.prepare(seriesOf(device.id), reading, now));
}

function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
