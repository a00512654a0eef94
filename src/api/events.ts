/** What happens, as it happens: server-sent events of readings that became durable and of connections. */
import type { ServerResponse } from 'node:http';
import { Type } from 'typebox';
import type { Message } from '../bus/bus.js';
import { jsonOf } from '../queries/json.js';
import { isoDate } from './dates.js';
import { deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { Problem } from './problem.js';
import { problems } from './responses.js';

/** Bytes that a client may leave unread, above which its stream is ended. */
export const MAX_UNSENT = 1 << 20;
/** Streams at the most. */
export const MAX_STREAMS = 100;
/** Milliseconds between two signs of life. */
const HEARTBEAT = 15_000;
/** Milliseconds that a client may take to read the end of its stream. */
const LINGER = 5_000;

/** What a stream is limited to; null: everything. */
interface Filter {
  readonly device: string | null;
  readonly type: string | null;
}

/** One event of the stream: its name and its data. */
interface StreamEvent {
  readonly event: 'reading' | 'connected' | 'identified' | 'disconnected' | 'end';
  readonly data: Readonly<Record<string, unknown>>;
}

export function addEvents(app: Api, parts: ApiParts): void {
  const streams = new Set<EventStream>();
  let opened = 0;

  app.get(
    '/api/events',
    {
      schema: {
        tags: ['gateway'],
        summary: 'Live readings and connections, as server-sent events',
        description:
          'Events: reading {device, ident, time, type, data, id}; connected, identified, disconnected {device?, ' +
          'connection, protocol, source, host, time}; end {why}, the last one. What happens while nobody listens is ' +
          `not repeated. A client that leaves ${MAX_UNSENT} bytes unread is ended.`,
        produces: ['text/event-stream'],
        querystring: Type.Object(
          {
            device: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 255,
                description: 'the UUID or the ident of a device: what concerns it alone',
              }),
            ),
            type: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 255,
                description: 'a type of readings, such as sen:loc: these alone, and no connections',
              }),
            ),
          },
          { additionalProperties: false },
        ),
        response: {
          200: Type.String({
            examples: ['event: identified\ndata: {"device":"6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3"}\n\n'],
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    async ({ account, query }, reply) => {
      const device = query.device === undefined ? null : (await deviceOf(parts, account, query.device)).id;
      if (streams.size >= MAX_STREAMS)
        throw new Problem(503, `${MAX_STREAMS} event streams are open, which is the most; end another one`);
      reply.hijack();
      const stream = openStream(reply.raw, { device, type: query.type ?? null });
      streams.add(stream);
      // Messages keep their order: the next is handed over when what is promised for this one is settled.
      const unsubscribe = parts.bus.subscribe('events', `api-${++opened}`, (message) => {
        const seen = parts.scope.sees(account, deviceOfMessage(message));
        if (typeof seen === 'boolean') return seen ? stream.take(message) : undefined;
        return seen.then((isSeen) => (isSeen ? stream.take(message) : undefined));
      });
      reply.raw.once('close', () => {
        unsubscribe();
        stream.ended();
        streams.delete(stream);
      });
    },
  );

  app.addHook('preClose', async () => {
    for (const stream of streams) stream.end('the gateway stops');
  });
}

interface EventStream {
  take(message: Message): void;
  end(why: string): void;
  /** The client is gone. */
  ended(): void;
}

function openStream(response: ServerResponse, filter: Filter): EventStream {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(': open\n\n');
  const heartbeat = setInterval(() => write(': alive\n\n'), HEARTBEAT);
  let over = false;

  function write(text: string): void {
    if (over) return;
    response.write(text);
    if (response.writableLength > MAX_UNSENT) end(`${MAX_UNSENT} bytes were left unread`);
  }

  function end(why: string): void {
    if (over) return;
    over = true;
    clearInterval(heartbeat);
    response.end(written({ event: 'end', data: { why } }));
    const late = setTimeout(() => response.destroy(), LINGER);
    response.once('close', () => clearTimeout(late));
  }

  return {
    take(message) {
      const event = eventOf(message, filter);
      if (event) write(written(event));
    },
    end,
    ended() {
      over = true;
      clearInterval(heartbeat);
    },
  };
}

function written({ event, data }: StreamEvent): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

const connectionEvents: ReadonlyMap<string, StreamEvent['event']> = new Map([
  ['device_connected', 'connected'],
  ['device_identified', 'identified'],
  ['device_disconnected', 'disconnected'],
]);

function deviceOfMessage({ device_id: device }: Message): string | null {
  return typeof device === 'string' ? device : null;
}

/** A message of the topic `events` as the client sees it; null: not for this stream. */
function eventOf(message: Message, filter: Filter): StreamEvent | null {
  const device = message['device_id'];
  if (filter.device !== null && device !== filter.device) return null;
  if (message._call === 'reading_stored') {
    const { ident, time, type, data, id } = message;
    if (filter.type !== null && type !== filter.type) return null;
    if (typeof time !== 'number' || typeof data !== 'string') return null;
    return { event: 'reading', data: { device, ident, time: isoDate(time), type, data: jsonOf(data), id } };
  }
  const event = connectionEvents.get(message._call);
  if (!event || filter.type !== null) return null;
  const { connection_id: connection, protocol, source, host, connection_duration: seconds, why } = message;
  return {
    event,
    data: { device, connection, protocol, source, host, time: isoDate(message._time * 1_000), seconds, why },
  };
}
