/** The driver's client, with what driver 4.10 gets wrong when connections are lost made good. */
import { Client, type ClientOptions } from 'cassandra-driver';

/** Milliseconds after which the driver looks for the nodes again, where it gave up by an error of its own. */
const LOOK_AGAIN_AFTER = 10_000;

/** A client that is not connected yet. */
export function createClient(options: ClientOptions): Client {
  const client = new Client(options);
  // The driver says by events what it also says by rejections.
  client.on('error', () => {});
  client.on('hostRemove', forget);
  const control: unknown = Reflect.get(client, 'controlConnection');
  if (isControlConnection(control)) refreshOneAtATime(control);
  return client;
}

/**
 * Ends what the driver holds of a node that it does not list any more. When no node could be reached, it lists them anew
 * and leaves what it had: that connects again for ever, even after `shutdown()`, and a program does not end.
 */
function forget(host: object): void {
  if ('shutdown' in host && typeof host.shutdown === 'function') host.shutdown(false)?.catch?.(() => {});
}

/** The connection by which the driver learns what nodes there are. */
interface ControlConnection {
  /** Looks for a node to learn from; `hosts` are those that such a search has not asked yet. */
  _refresh(hosts?: unknown): Promise<void>;
}

function isControlConnection(value: unknown): value is ControlConnection {
  return typeof value === 'object' && value !== null && '_refresh' in value && typeof value._refresh === 'function';
}

/**
 * After all nodes were away, the driver listens twice to the connection that it has then, and so looks for another twice
 * at once when that is lost (its issue NODEJS-681). The two take each other's connection away: a rejection that nobody
 * takes ends the process, and nobody looks for nodes any more.
 */
function refreshOneAtATime(control: ControlConnection): void {
  const refresh = control._refresh.bind(control);
  let underWay: Promise<void> | null = null;
  control._refresh = (hosts) => {
    if (hosts !== undefined) return refresh(hosts);
    underWay ??= refresh()
      .catch(() => {
        setTimeout(() => control._refresh(), LOOK_AGAIN_AFTER).unref();
      })
      .finally(() => {
        underWay = null;
      });
    return underWay;
  };
}
