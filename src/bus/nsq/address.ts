/** Where an nsqd or an nsqlookupd is. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** `HOST:PORT`, an IPv6 host in brackets, as an nsqd writes itself; undefined: it is none. */
export function parseServer(text: string): ServerAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port < 1 || port > 65_535 ? undefined : { host, port };
}

export function formatServer({ host, port }: ServerAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Names of topics and channels that nsqd takes. */
export function isTopic(text: string): boolean {
  return text.length <= 64 && /^[.a-zA-Z0-9_-]+(#ephemeral)?$/.test(text);
}

/** Characters that `#ephemeral` leaves for the name of a channel. */
const MAX_OWN_NAME = 54;

/** A channel that nsqd forgets when nobody listens to it any more. */
export function ephemeralChannel(name: string): string {
  return `${name.replace(/[^.a-zA-Z0-9_-]/g, '-').slice(-MAX_OWN_NAME)}#ephemeral`;
}
