/** Where the bus is chosen: the only importer of NSQ. */
import type { Bus } from './bus.js';
import { createLocalBus } from './local.js';
import { parseServer, type ServerAddress } from './nsq/address.js';

export interface BusOptions {
  readonly bus: 'local' | 'nsq';
  /** `HOST:PORT`, separated by commas. */
  readonly nsqd: string;
  /** The same, or empty. */
  readonly nsqlookupd: string;
  /** Of this process, unlike that of any other. */
  readonly name: string;
  /** UNIX ms. */
  readonly now: () => number;
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
  /** Milliseconds that handlers may take to end, and messages to leave, when it is closed. */
  readonly closeWithin?: number;
  readonly onTrouble: (why: string, message?: unknown) => void;
}

/** Opens the bus; it needs no server to start. Rejects where an address is none. */
export async function openBus({ bus, nsqd, nsqlookupd, ...options }: BusOptions): Promise<Bus> {
  if (bus === 'local') return createLocalBus(options);
  // Loaded only where it is chosen: one machine starts without NSQ.
  const { createNsqBus } = await import('./nsq.js');
  return createNsqBus({ ...options, unkept: UNKEPT, servers: serversOf(nsqd), lookups: serversOf(nsqlookupd) });
}

/** What happens is told to whoever listens, and is kept elsewhere where it must be. */
const UNKEPT = ['events'];

function serversOf(list: string): ServerAddress[] {
  return list
    .split(',')
    .filter((text) => text !== '')
    .map((text) => {
      const server = parseServer(text);
      if (!server) throw new Error(`Invalid address: ${JSON.stringify(text)}, expected HOST:PORT`);
      return server;
    });
}
