/** What happens to connections, told on the bus and kept in the device's time series under the type `_server`. */
import { seriesOf } from '../devices/device.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

export const SERVER_EVENT_TYPE = '_server';

/** Records an event of a connection; returns the number of its write, 0 where there is no device to keep it for. */
export function recordEvent(
  parts: GatewayParts,
  connection: Connection,
  call: 'device_connected' | 'device_identified' | 'device_disconnected',
): number {
  const now = parts.clock.now();
  const fields = {
    host: parts.host,
    source: connection.source,
    protocol: connection.protocol.name,
    connection_id: connection.id,
    ...(call === 'device_disconnected' && {
      connection_duration: Math.round((now - connection.openedAt) / 1_000),
      why: connection.endedBecause,
    }),
  };
  parts.bus.publish('events', {
    _to: 'events',
    _from: parts.address,
    _call: call,
    _time: now / 1_000,
    ...(connection.device && { device_id: connection.device.id }),
    ...fields,
  });
  if (!connection.device) return 0;
  const data = JSON.stringify({ type: call, ...fields });
  const reading = { type: SERVER_EVENT_TYPE, time: null, data, listed: null };
  return parts.durability.add(parts.series.prepare(seriesOf(connection.device.id), reading, now));
}
