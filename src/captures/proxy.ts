/** Sits between devices and a server, and tells what passes: nothing of it is changed or held back. */
import { connect, createServer, type Socket } from 'node:net';

export interface ProxyOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly to: { readonly host: string; readonly port: number };
  /** Called for each connection; what passes goes to the recording it returns. */
  readonly record: (source: string) => Recording;
  /** Called when a connection could not be passed on. */
  readonly onTrouble: (why: string) => void;
}

export interface Recording {
  passed(from: 'device' | 'server', bytes: Buffer): void;
  closed(from: 'device' | 'server'): void;
  /** Nothing more passes. */
  ended(): void;
}

/** Bytes that wait for a side that does not take them, above which the other is not read. */
const MAX_WAITING = 1 << 20;

/** Starts to listen; resolves to the port. */
export function startProxy({ listen, to, record, onTrouble }: ProxyOptions): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (device) => {
    const source = `${device.remoteAddress}:${device.remotePort}`;
    const upstream = connect({ ...to, allowHalfOpen: true, noDelay: true });
    const recording = record(source);
    let open = 2;
    const closed = () => {
      if (--open === 0) recording.ended();
    };
    pass(device, upstream, 'device', recording);
    pass(upstream, device, 'server', recording);
    upstream.on('error', (error) => onTrouble(`${to.host}:${to.port}: ${error.message}`));
    for (const [one, other] of [
      [device, upstream],
      [upstream, device],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => {
        // Whoever is reset takes the other along.
        if (!one.readableEnded) other.destroy();
        closed();
      });
    }
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(listen.port, listen.host, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : listen.port);
    });
  });
}

function pass(from: Socket, to: Socket, who: 'device' | 'server', recording: Recording): void {
  from.on('data', (bytes) => {
    recording.passed(who, bytes);
    to.write(bytes);
    if (to.writableLength > MAX_WAITING) from.pause();
  });
  to.on('drain', () => from.resume());
  from.on('end', () => {
    recording.closed(who);
    to.end();
  });
}
