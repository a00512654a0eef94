/** The way to a server, over TCP or UDP. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** What is sent and heard; `heard` and `ended` are set by whoever listens, before anything else happens. */
export interface Wire {
  heard: (bytes: Buffer) => void;
  /** Nothing more will be heard. */
  ended: () => void;
  send(bytes: Uint8Array): void;
  /** Sends nothing more. */
  end(): void;
  leave(): void;
}

export interface Target {
  readonly host: string;
  readonly port: number;
  /** Milliseconds that a connection may take to open. */
  readonly answerTimeout: number;
}

/** Connects; rejects when the server cannot be reached in time. */
export function connectTcp({ host, port, answerTimeout }: Target): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
    const wire: Wire = {
      heard: () => {},
      ended: () => {},
      send(bytes) {
        if (!socket.destroyed) socket.write(bytes);
      },
      end: () => socket.end(),
      leave: () => socket.destroy(),
    };
    const timer = setTimeout(
      () => socket.destroy(new Error(`no connection within ${answerTimeout} ms`)),
      answerTimeout,
    );
    socket.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.on('data', (bytes) => wire.heard(bytes));
      // A reset shows as the end it is.
      for (const end of ['end', 'close', 'error']) socket.on(end, () => wire.ended());
      resolve(wire);
    });
  });
}

/** A port of one's own that speaks with the server's; whether anybody is there shows only by answers. */
export function connectUdp({ host, port }: Target): Promise<Wire> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    const wire: Wire = {
      heard: () => {},
      ended: () => {},
      send: (bytes) => socket.send(bytes),
      end: () => {},
      leave: () => socket.close(),
    };
    socket.once('error', (error) => {
      reject(error);
      socket.close();
    });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      socket.on('message', (bytes) => wire.heard(bytes));
      // Nobody listens there.
      socket.on('error', () => wire.ended());
      resolve(wire);
    });
    // Without a callback of its own, which would be called where it failed as well.
    socket.connect(port, host);
  });
}
