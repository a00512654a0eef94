/** What others ask of this gateway on the topic `receivers`, and what it looks after when it may have missed that. */
import { type Message, parseAddress } from '../bus/bus.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

/** Connections in one answer to `list_connections` at the most. */
export const MAX_LISTED = 1_000;
/** Connections looked after at a time when messages may have been missed, and the pause between two such times, in ms. */
export const CATCH_UP_AT_ONCE = 100;
export const CATCH_UP_PAUSE = 50;

/** Starts to listen; returns what ends it. */
export function listenForCalls(parts: GatewayParts): () => void {
  const own = parseAddress(parts.address);
  let pending: Connection[] = [];
  let timer: NodeJS.Timeout | undefined;

  function catchUp(): void {
    for (const connection of pending.splice(0, CATCH_UP_AT_ONCE)) {
      connection.deliverSettings();
      connection.deliverCommands();
    }
    timer = pending.length > 0 ? setTimeout(catchUp, CATCH_UP_PAUSE) : undefined;
  }

  const unsubscribe = parts.bus.subscribe('receivers', parts.address, (message) => carryOut(parts, message), {
    // What waits for a device is in the store: a message only tells of it.
    onGap() {
      pending = [...parts.connections.all()].filter(({ device }) => device !== null);
      if (!timer) catchUp();
    },
  });

  function carryOut(parts: GatewayParts, message: Message): void {
    const { channel, parameters } = parseAddress(message._to);
    if (channel !== null && channel !== own.channel) return;
    const connections = meant(parts, parameters);
    switch (message._call) {
      case 'send_settings':
        for (const connection of connections) connection.deliverSettings();
        break;
      case 'send_commands':
        for (const connection of connections) connection.deliverCommands();
        break;
      case 'disconnect':
        for (const connection of connections) connection.close('disconnected by the operator');
        break;
      case 'list_connections':
        answer(parts, message, connections.length > 0 ? connections : [...parts.connections.all()]);
        break;
      case 'quit':
        parts.log.info({ from: message._from }, 'asked to end');
        parts.quit();
        break;
    }
  }

  return () => {
    clearTimeout(timer);
    pending = [];
    unsubscribe();
  };
}

/** A connection's number is this gateway's own: with a device it must be that device's. */
function meant({ connections }: GatewayParts, parameters: ReadonlyMap<string, string>): readonly Connection[] {
  const connectionId = parameters.get('connection_id');
  const deviceId = parameters.get('device_id');
  if (connectionId === undefined) return deviceId === undefined ? [] : connections.of(deviceId);
  const connection = connections.get(Number(connectionId));
  return connection && (deviceId === undefined || connection.device?.id === deviceId) ? [connection] : [];
}

function answer(parts: GatewayParts, { _from }: Message, connections: readonly Connection[]): void {
  const { topic } = parseAddress(_from);
  for (let at = 0; at === 0 || at < connections.length; at += MAX_LISTED) {
    parts.bus.publish(topic, {
      _to: _from,
      _from: parts.address,
      _call: 'connections',
      _time: parts.clock.now() / 1_000,
      connections: connections.slice(at, at + MAX_LISTED).map(({ id, device, source, protocol, openedAt }) => ({
        connection_id: id,
        device_id: device?.id ?? null,
        source,
        protocol: protocol.name,
        since: openedAt / 1_000,
      })),
      more: at + MAX_LISTED < connections.length,
    });
  }
}
