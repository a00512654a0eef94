/** What nsqlookupd knows: which nsqd have a topic, and which channels a topic has. */
import { formatServer, isTopic, parseServer, type ServerAddress } from './address.js';

/** Milliseconds between two questions, and that an answer may take. */
export const ASK_EVERY = 5_000;
const ANSWER_WITHIN = 3_000;
/** Bytes of an answer, nsqd of a topic, and topics whose channels are watched at the most. */
const MAX_ANSWER = 4 << 20;
export const MAX_SERVERS = 100;
export const MAX_WATCHED_TOPICS = 1_000;

export interface Discovery {
  /** Calls back with the nsqd that have a topic, now and whenever they were asked for; returns what ends that. */
  follow(topic: string, found: (servers: readonly ServerAddress[]) => void): () => void;
  /** Channels of a topic; undefined: not known, and from now on asked for. */
  channels(topic: string): ReadonlySet<string> | undefined;
  close(): void;
}

export interface DiscoveryOptions {
  /** nsqlookupd, by their HTTP ports; none: nothing is ever found. */
  readonly lookups: readonly ServerAddress[];
  readonly askEvery: number;
  readonly random: () => number;
}

export function openDiscovery({ lookups, askEvery, random }: DiscoveryOptions): Discovery {
  const followers = new Map<string, Set<(servers: readonly ServerAddress[]) => void>>();
  const watched = new Map<string, ReadonlySet<string> | undefined>();
  const stopped = new AbortController();
  let timer: NodeJS.Timeout | undefined;

  async function askServers(topic: string): Promise<void> {
    const answers = await Promise.all(lookups.map((lookup) => ask(lookup, 'lookup', topic, stopped.signal)));
    const servers = new Map<string, ServerAddress>();
    for (const producer of answers.flatMap((answer) => listOf(answer, 'producers'))) {
      const server = serverOf(producer);
      if (server && servers.size < MAX_SERVERS) servers.set(formatServer(server), server);
    }
    // One that does not answer may be the one that knows: what was found stays.
    if (answers.includes(null) && servers.size === 0) return;
    for (const found of followers.get(topic) ?? []) found([...servers.values()]);
  }

  async function askChannels(topic: string): Promise<void> {
    const answers = await Promise.all(lookups.map((lookup) => ask(lookup, 'channels', topic, stopped.signal)));
    if (answers.includes(null) || stopped.signal.aborted) return;
    const names = answers.flatMap((answer) => listOf(answer, 'channels')).filter((name) => typeof name === 'string');
    watched.set(topic, new Set(names));
  }

  async function round(): Promise<void> {
    for (const topic of followers.keys()) await askServers(topic);
    for (const topic of watched.keys()) await askChannels(topic);
    if (!stopped.signal.aborted) timer = setTimeout(round, askEvery * (0.75 + random() / 2));
  }

  if (lookups.length > 0) timer = setTimeout(round, askEvery * random());
  return {
    follow(topic, found) {
      const those = followers.get(topic) ?? new Set();
      followers.set(topic, those.add(found));
      if (lookups.length > 0) askServers(topic);
      return () => {
        those.delete(found);
        if (those.size === 0 && followers.get(topic) === those) followers.delete(topic);
      };
    },
    channels(topic) {
      if (lookups.length === 0 || !isTopic(topic)) return undefined;
      if (!watched.has(topic) && watched.size < MAX_WATCHED_TOPICS) {
        watched.set(topic, undefined);
        askChannels(topic);
      }
      return watched.get(topic);
    },
    close() {
      stopped.abort();
      clearTimeout(timer);
      followers.clear();
    },
  };
}

/** The answer, undefined where the topic is not known to it, or null: none came. Never rejects. */
async function ask(
  lookup: ServerAddress,
  what: 'lookup' | 'channels',
  topic: string,
  stopped: AbortSignal,
): Promise<unknown> {
  try {
    const url = `http://${formatServer(lookup)}/${what}?topic=${encodeURIComponent(topic)}`;
    const response = await fetch(url, { signal: AbortSignal.any([stopped, AbortSignal.timeout(ANSWER_WITHIN)]) });
    if (response.status === 404) {
      await response.body?.cancel();
      return undefined;
    }
    if (!response.ok || Number(response.headers.get('content-length') ?? 0) > MAX_ANSWER) {
      await response.body?.cancel();
      return null;
    }
    const answer: unknown = await response.json();
    return answer;
  } catch {
    return null;
  }
}

function listOf(answer: unknown, name: string): unknown[] {
  const list = fieldOf(answer, name);
  return Array.isArray(list) ? list : [];
}

function serverOf(producer: unknown): ServerAddress | undefined {
  const host = fieldOf(producer, 'broadcast_address') || fieldOf(producer, 'hostname');
  const port = fieldOf(producer, 'tcp_port');
  if (typeof host !== 'string' || typeof port !== 'number') return undefined;
  return parseServer(formatServer({ host, port }));
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
