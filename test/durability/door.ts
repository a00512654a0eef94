/** The way to a server, which a test can shut: connections break off, or they stay and nothing passes any more. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export type Shut = 'broken' | 'silent' | 'mute';

export interface Door {
  /** `HOST:PORT` to go through. */
  readonly address: string;
  open(): void;
  /**
   * `broken`: connections end, new ones too; `silent`: they stay, and nothing passes; `mute`: what is asked passes, and
   * no answer comes back.
   */
  shut(how: Shut): void;
  close(): void;
}

export async function doorTo(host: string, port: number): Promise<Door> {
  let state: 'open' | Shut = 'open';
  const pairs = new Set<readonly [Socket, Socket]>();
  const server = createServer((client) => {
    if (state === 'broken') {
      client.destroy();
      return;
    }
    const target = connect(port, host);
    const pair = [client, target] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [target, client] as const]) {
      from.on('error', () => {});
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
      from.on('data', (bytes) => {
        if (state !== 'mute' || from === client) to.write(bytes);
      });
    }
    if (state === 'silent') for (const socket of pair) socket.pause();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const breakAll = () => {
    for (const pair of [...pairs]) for (const socket of pair) socket.destroy();
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    open() {
      // What hung must be made anew: a server that comes back knows nothing of it.
      if (state !== 'broken') breakAll();
      state = 'open';
    },
    shut(how) {
      state = how;
      if (how === 'broken') breakAll();
      if (how === 'silent') for (const pair of pairs) for (const socket of pair) socket.pause();
    },
    close() {
      breakAll();
      server.close();
    },
  };
}
