/** This gateway's lease in the store, and what it writes there of the connections it holds. */
import type { Device } from '../devices/device.js';
import { RENEW_EVERY } from '../devices/leases.js';
import type { OwnConnection } from '../devices/presence.js';
import type { Connection } from './connection.js';
import type { GatewayParts } from './gateway.js';

/** How often what killed gateways left behind is looked for, in milliseconds. */
export const SWEEP_EVERY = 60_000;
/** Devices that are written at a time when all must be written again. */
const WRITTEN_AT_ONCE = 500;

type LeaseParts = Pick<GatewayParts, 'presence' | 'connections' | 'address' | 'host' | 'clock' | 'log'>;

/**
 * Takes the lease, and renews it until what is returned is called, which gives it up: then all connections must be
 * closed. A lease lasts for all connections of this process: an idle one costs no write.
 */
export async function keepLease(parts: LeaseParts): Promise<() => Promise<void>> {
  const { presence, log } = parts;
  const gateway = nameIn(parts.address);
  const about = { host: parts.host, started: String(parts.clock.now()) };
  await presence.leases.renew(gateway, about);

  async function renew(): Promise<void> {
    if (await presence.leases.renew(gateway, about)) return;
    log.warn({ gateway }, 'the lease was over for long: all connections are written again');
    await writeAll(parts);
  }

  async function sweep(): Promise<void> {
    const swept = await presence.sweep();
    if (swept.length > 0) log.info({ gateways: swept }, 'removed what gateways left behind that do not live any more');
  }

  const stops = [
    repeat(RENEW_EVERY, renew, (error) => log.error({ error }, 'the lease could not be renewed')),
    repeat(SWEEP_EVERY, sweep, (error) => log.error({ error }, 'nothing could be removed of other gateways')),
  ];
  return async () => {
    await Promise.all(stops.map((stop) => stop()));
    await presence.leases.end(gateway);
  };
}

/** Writes which connections of a device are held here; resolves when that is durable. */
export function writeHeld(parts: LeaseParts, device: Device): Promise<void> {
  return parts.presence.hold(nameIn(parts.address), device, parts.connections.of(device.id).map(own));
}

async function writeAll(parts: LeaseParts): Promise<void> {
  const devices = new Map<string, Device>();
  for (const { device } of parts.connections.all()) if (device) devices.set(device.id, device);
  const all = [...devices.values()];
  for (let at = 0; at < all.length; at += WRITTEN_AT_ONCE)
    await Promise.all(all.slice(at, at + WRITTEN_AT_ONCE).map((device) => writeHeld(parts, device)));
}

function own({ id, protocol, source, openedAt }: Connection): OwnConnection {
  return { number: id, protocol: protocol.name, source, opened: openedAt };
}

function nameIn(address: string): string {
  return address.slice(address.indexOf('/') + 1);
}

/**
 * Runs a task again and again, one at a time; tells the first of several failures in a row. What is returned ends that,
 * and resolves when none is under way.
 */
function repeat(every: number, task: () => Promise<void>, onError: (why: string) => void): () => Promise<void> {
  let underWay: Promise<void> | null = null;
  let failing = false;
  const timer = setInterval(() => {
    underWay ??= task()
      .then(() => {
        failing = false;
      })
      .catch((error: unknown) => {
        if (!failing) onError(error instanceof Error ? error.message : String(error));
        failing = true;
      })
      .finally(() => {
        underWay = null;
      });
  }, every);
  return async () => {
    clearInterval(timer);
    await underWay;
  };
}
