/** The ports that devices connect to: TCP, and where a protocol is also spoken over UDP, the same port of it. */
import { createServer, type Server, type Socket } from 'node:net';
import type { Protocol } from '../../protocols/protocol.js';
import { type DatagramPeer, type DatagramServer, listenForDatagrams } from './datagrams.js';
import { protocolOf } from './recognition.js';

/** What is to be listened for. */
export interface Listener {
  /** As in the configuration. */
  readonly name: string;
  /** One, or those among which the first bytes of a connection tell. */
  readonly protocols: readonly Protocol[];
  readonly host: string;
  readonly port: number;
}

export interface OpenPort {
  readonly port: number;
  /** Takes no more connections. */
  close(): void;
  /** Gives up what datagrams come. */
  closeDatagrams(): void;
}

/** Time before TCP itself asks whether a silent peer is there, in milliseconds. */
const TCP_KEEP_ALIVE = 120_000;
/** Connections that may wait to be accepted: a fleet may call all at once. Linux takes `net.core.somaxconn` at the most. */
const BACKLOG = 4_096;
/** Ports that are tried, where any is taken, until one is free of both TCP and UDP. */
const TRIES = 10;

/** Opens a port; rejects where it cannot be had. */
export async function openPort(
  { protocols, host, port }: Listener,
  onSocket: (socket: Socket) => void,
  onPeer: (protocol: Protocol, peer: DatagramPeer) => void,
): Promise<OpenPort> {
  const withDatagrams = protocols.filter(({ udp }) => udp);
  for (let tries = 1; ; tries++) {
    const server = createServer(
      { noDelay: true, keepAlive: true, keepAliveInitialDelay: TCP_KEEP_ALIVE, allowHalfOpen: true },
      onSocket,
    );
    const opened = await listen(server, host, port);
    try {
      const datagrams = withDatagrams.length > 0 ? await listenOverUdp(withDatagrams, host, opened, onPeer) : null;
      return { port: opened, close: () => server.close(), closeDatagrams: () => datagrams?.close() };
    } catch (error) {
      server.close();
      if (port !== 0 || tries === TRIES) throw error;
    }
  }
}

/** Whoever sends something else than a datagram of these protocols gets no connection. */
function listenOverUdp(
  protocols: readonly Protocol[],
  host: string,
  port: number,
  onPeer: (protocol: Protocol, peer: DatagramPeer) => void,
): Promise<DatagramServer> {
  return listenForDatagrams(host, port, (first, peer) => {
    const protocol = first.length > 0 ? protocolOf(first, protocols) : null;
    if (protocol !== null && protocol !== 'more') onPeer(protocol, peer());
  });
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', reject);
      server.on('error', () => {});
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}
