/** UDP as connections: what comes from one address and port is one, each datagram a chunk, until it is quiet. */
import { createSocket, type Socket } from 'node:dgram';
import { Duplex } from 'node:stream';

/** Milliseconds of quiet after which a peer's connection ends; its next datagram opens another. */
export const PEER_QUIET = 300_000;
/** Datagrams of one peer that wait to be read; further ones are dropped, and their device sends them again. */
export const MAX_WAITING_DATAGRAMS = 256;
/** Bytes that a peer's side is asked to buffer before it says that it is full: answers are small. */
const HIGH_WATER_BYTES = 65_536;

/** One peer, as a connection knows sockets. */
export class DatagramPeer extends Duplex {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly #send: (bytes: Uint8Array, sent: () => void) => void;
  readonly #quiet: NodeJS.Timeout;
  #late: NodeJS.Timeout | undefined;

  constructor(address: string, port: number, send: (bytes: Uint8Array, sent: () => void) => void) {
    super({
      readableObjectMode: true,
      readableHighWaterMark: MAX_WAITING_DATAGRAMS,
      writableHighWaterMark: HIGH_WATER_BYTES,
    });
    this.remoteAddress = address;
    this.remotePort = port;
    this.#send = send;
    this.#quiet = setTimeout(() => this.push(null), PEER_QUIET).unref();
  }

  /** Takes a datagram of this peer, unless too many wait. */
  receive(bytes: Buffer): void {
    if (this.readableEnded || this.writableEnded || this.readableLength >= MAX_WAITING_DATAGRAMS) return;
    this.#quiet.refresh();
    this.push(bytes);
  }

  /** Calls once after so many ms. */
  setTimeout(ms: number, late: () => void): this {
    clearTimeout(this.#late);
    this.#late = setTimeout(late, ms).unref();
    return this;
  }

  override _read(): void {}

  override _write(bytes: Uint8Array, _: BufferEncoding, done: () => void): void {
    this.#send(bytes, done);
  }

  override _final(done: () => void): void {
    if (!this.readableEnded) this.push(null);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#late);
    done(error);
  }
}

/** Datagrams of one port. */
export interface DatagramServer {
  close(): void;
}

/**
 * Receives on a port; `open` is called with the first datagram of each new peer, and says whether there is to be a
 * connection. Rejects where the port cannot be had.
 */
export function listenForDatagrams(
  host: string,
  port: number,
  open: (first: Buffer, peer: () => DatagramPeer) => void,
): Promise<DatagramServer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const peers = new Map<string, DatagramPeer>();
  socket.on('message', (bytes, { address, port: from }) => {
    const key = `${address} ${from}`;
    const known = peers.get(key);
    if (known) return known.receive(bytes);
    open(bytes, () => {
      const peer = new DatagramPeer(address, from, (said, sent) => socket.send(said, from, address, () => sent()));
      peers.set(key, peer);
      peer.on('close', () => peers.delete(key));
      peer.receive(bytes);
      return peer;
    });
  });
  return bound(socket, host, port).then(() => ({
    close() {
      for (const peer of peers.values()) peer.destroy();
      socket.close();
    },
  }));
}

function bound(socket: Socket, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind(port, host, () => {
      socket.removeAllListeners('error');
      // What cannot be sent is lost, as datagrams may be.
      socket.on('error', () => {});
      resolve();
    });
  });
}
