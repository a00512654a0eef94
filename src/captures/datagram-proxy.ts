/** Sits between devices and a server that speak UDP, and tells what passes: nothing of it is changed or held back. */
import { createSocket, type Socket } from 'node:dgram';
import { QUIET_BETWEEN_EXCHANGES } from './datagrams.js';
import type { ProxyOptions, Recording } from './proxy.js';

/** Devices passed on at once; datagrams of further ones are dropped. */
export const MAX_PEERS = 10_000;

interface Peer {
  readonly upstream: Socket;
  readonly recording: Recording;
  readonly quiet: NodeJS.Timeout;
}

/** Starts to receive; resolves to the port. Each device speaks with the server from a port of its own. */
export function startDatagramProxy({ listen, to, record, onTrouble }: ProxyOptions): Promise<number> {
  const peers = new Map<string, Peer>();
  const socket = createSocket(listen.host.includes(':') ? 'udp6' : 'udp4');

  function open(address: string, port: number): Peer {
    const key = `${address} ${port}`;
    const upstream = createSocket(to.host.includes(':') ? 'udp6' : 'udp4');
    const recording = record(`${address}:${port}`);
    const end = () => {
      if (peers.delete(key)) recording.ended();
      upstream.close();
    };
    const peer = { upstream, recording, quiet: setTimeout(end, QUIET_BETWEEN_EXCHANGES).unref() };
    upstream.on('message', (bytes) => {
      peer.quiet.refresh();
      recording.passed('server', bytes);
      socket.send(bytes, port, address);
    });
    // Nobody is there now; the next datagram may find somebody.
    upstream.on('error', (error) => onTrouble(`${to.host}:${to.port}: ${error.message}`));
    peers.set(key, peer);
    return peer;
  }

  socket.on('message', (bytes, { address, port }) => {
    const known = peers.get(`${address} ${port}`);
    if (!known && peers.size >= MAX_PEERS) return onTrouble(`more than ${MAX_PEERS} devices: ${address} is left out`);
    const { upstream, recording, quiet } = known ?? open(address, port);
    quiet.refresh();
    recording.passed('device', bytes);
    upstream.send(bytes, to.port, to.host);
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(listen.port, listen.host, () => {
      socket.off('error', reject);
      socket.on('error', (error) => onTrouble(error.message));
      resolve(socket.address().port);
    });
  });
}
