/** The server that devices connect to: a listener a protocol, the connections they open, and how it all ends. */
import type { Socket } from 'node:net';
import type { ConnectionFacts, Protocol } from '../../protocols/protocol.js';
import type { Bus } from '../bus/bus.js';
import type { ChannelTranslation } from '../devices/channel-translation.js';
import type { Commands } from '../devices/commands.js';
import type { Firmware } from '../devices/firmware.js';
import type { ListedSensors } from '../devices/listed-sensors.js';
import type { Presence } from '../devices/presence.js';
import type { Provisioning } from '../devices/provisioning.js';
import type { Settings } from '../devices/settings.js';
import type { Status } from '../devices/status.js';
import type { Durability } from '../ingest/durability.js';
import type { Logger } from '../observe/log.js';
import type { Metrics } from '../observe/metrics.js';
import type { Series } from '../series/series.js';
import type { Clock } from './clock.js';
import { Connection, type Peer } from './connection.js';
import type { Connections } from './connections.js';
import { keepLease } from './lease.js';
import type { Live } from './live.js';
import { type Listener, type OpenPort, openPort } from './ports.js';
import { listenForCalls } from './receiver.js';
import { recogniseFirst } from './recognition.js';
import { recordEvent } from './server-events.js';

/** What the gateway works with. */
export interface GatewayParts {
  readonly identify: Provisioning['identify'];
  readonly settings: Settings;
  readonly commands: Commands;
  readonly status: Status;
  readonly listedSensors: ListedSensors;
  readonly channelTranslation: ChannelTranslation;
  readonly firmware: Firmware;
  readonly series: Series;
  readonly durability: Durability;
  readonly bus: Bus;
  readonly live: Live;
  /** Those that this gateway holds. */
  readonly connections: Connections;
  /** What the store says of all gateways. */
  readonly presence: Presence;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly clock: Clock;
  readonly limits: Limits;
  /** Minutes that devices' clocks are ahead of UTC, by protocol, where somebody said so. */
  readonly clockOffsets: ReadonlyMap<string, number>;
  /** Name of this machine, kept in events. */
  readonly host: string;
  /** Where this gateway gets its messages on the bus: `receivers/<name>`. */
  readonly address: string;
  readonly version: string;
  /** Whether devices may use debugging requests that change something. */
  readonly debug: boolean;
  /** Ends this gateway, as somebody on the bus asked. */
  readonly quit: () => void;
}

/** Bounds; times in milliseconds. */
export interface Limits {
  readonly identifyTimeout: number;
  readonly askAliveAfter: number;
  readonly silenceTimeout: number;
  readonly drainTimeout: number;
  readonly unacknowledgedBytes: number;
  readonly unsentBytes: number;
  readonly maxConnections: number;
  /** 0: no limit. */
  readonly maxConnectionsPerAddress: number;
}

/** Where a protocol listens, or `auto`. */
export interface Listening {
  readonly protocol: string;
  readonly host: string;
  readonly port: number;
}

export interface Gateway {
  readonly listening: readonly Listening[];
  /** Reads sockets again that waited for the store. */
  resume(): void;
  /** Stops accepting, lets what is durable be answered, and closes all connections. */
  drain(): Promise<void>;
}

/** How often the limits of time are looked after, in milliseconds. */
const SWEEP_EVERY = 1_000;
/** Listens for the given protocols; resolves when all ports are open. */
export async function startGateway(parts: GatewayParts, ports: readonly Listener[]): Promise<Gateway> {
  let opened = 0;
  const { connections } = parts;
  /** Sockets of which is not known yet what is spoken. */
  const held = new Set<Socket>();
  const open: OpenPort[] = [];
  const listening: Listening[] = [];

  function accept(protocol: Protocol, socket: Peer, transport: ConnectionFacts['transport']): void {
    const counts = parts.metrics.counts(protocol.name);
    const refusal = refusalOf(socket);
    if (refusal) {
      counts.refused++;
      return refuse(socket, refusal);
    }
    counts.opened++;
    counts.open++;
    const connection = new Connection(++opened, socket, protocol, parts, transport);
    connections.add(connection);
    recordEvent(parts, connection, 'device_connected');
  }

  function refuse(socket: Peer, limit: string): void {
    parts.log.warn({ source: socket.remoteAddress, limit }, 'connection refused');
    socket.destroy();
  }

  function refusalOf(socket: Peer): string | null {
    const { maxConnections, maxConnectionsPerAddress } = parts.limits;
    if (connections.size + held.size >= maxConnections) return `max-connections ${maxConnections}`;
    if (maxConnectionsPerAddress > 0 && connections.fromAddress(socket.remoteAddress ?? '') >= maxConnectionsPerAddress)
      return `max-connections-per-address ${maxConnectionsPerAddress}`;
    return null;
  }

  /** Holds a socket until its first bytes tell what is spoken. */
  function hold(protocols: readonly Protocol[], socket: Socket): void {
    const refusal = refusalOf(socket);
    if (refusal) return refuse(socket, refusal);
    held.add(socket);
    socket.on('close', () => held.delete(socket));
    recogniseFirst(socket, protocols, parts.limits.identifyTimeout, (protocol) => {
      held.delete(socket);
      if (protocol) return accept(protocol, socket, 'tcp');
      parts.log.info({ source: socket.remoteAddress }, 'no protocol that is known is spoken, connection closed');
      socket.destroy();
    });
  }

  const endLease = await keepLease(parts);
  try {
    for (const listener of ports) await listenFor(listener);
  } catch (error) {
    await endLease();
    throw error;
  }

  async function listenFor(listener: Listener): Promise<void> {
    const { name, protocols, host } = listener;
    const only = protocols.length === 1 ? protocols[0] : undefined;
    const port = await openPort(
      listener,
      (socket) => (only ? accept(only, socket, 'tcp') : hold(protocols, socket)),
      (protocol, peer) => accept(protocol, peer, 'udp'),
    );
    open.push(port);
    listening.push({ protocol: name, host, port: port.port });
  }

  const sweep = setInterval(() => {
    const monotonic = parts.clock.monotonic();
    for (const connection of connections.all()) connection.sweep(monotonic);
  }, SWEEP_EVERY);
  const unsubscribe = listenForCalls(parts);
  parts.bus.publish('events', {
    _to: 'events',
    _from: parts.address,
    _call: 'new_receiver',
    _time: parts.clock.now() / 1_000,
    host: parts.host,
  });

  return {
    listening,
    resume() {
      for (const connection of connections.all()) connection.storeFull(false);
    },
    async drain() {
      clearInterval(sweep);
      const { drainTimeout } = parts.limits;
      unsubscribe();
      for (const port of open) port.close();
      for (const socket of held) socket.destroy();
      const closed = Promise.all([...connections.all()].map((connection) => connection.drain('the gateway stops')));
      await within(drainTimeout, closed);
      for (const connection of connections.all()) connection.destroy('the gateway stopped');
      for (const port of open) port.closeDatagrams();
      // Where the store is away others see by the lease's time that it is over.
      await within(drainTimeout, endLease());
    },
  };
}

/** Resolves when the promise does, or after so many milliseconds. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let deadline: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    deadline = setTimeout(resolve, milliseconds);
  });
  await Promise.race([promise, late]);
  clearTimeout(deadline);
}
