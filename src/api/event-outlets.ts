/** How events reach a client: as server-sent events, or as messages of a WebSocket. */
import type { ServerResponse } from 'node:http';
import websocket, { type WebSocket } from '@fastify/websocket';
import type { FastifyInstance } from 'fastify';
import type { StreamEvent } from '../live/events.js';
import type { Outlet } from '../live/stream.js';

/** Milliseconds that a client may take to read the end of its stream. */
export const LINGER = 5_000;

/** Bytes of a message that a client may send by WebSocket, which nobody listens to. */
const MAX_MESSAGE = 1_024;

/** Lets routes be asked by WebSocket; to be called before anything is asked of requests, so that refusals are answered. */
export async function takeWebSockets(app: FastifyInstance): Promise<void> {
  await app.register(websocket, {
    options: { maxPayload: MAX_MESSAGE, clientTracking: false },
    // Whoever opened a stream ends it.
    preClose: (done) => done(),
  });
}

export interface ClosableOutlet extends Outlet {
  /** A sign of life, where nothing happens. */
  alive(): void;
  /** The last event; then the client has `LINGER` to read it. */
  end(event: StreamEvent): void;
  onClosed(callback: () => void): void;
}

/** Server-sent events: the HTML standard, 9.2. */
export function sseOutlet(response: ServerResponse): ClosableOutlet {
  response.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(': open\n\n');
  const written = ({ event, data }: StreamEvent, id: string | null) =>
    `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  return {
    get unsent() {
      return response.writableLength;
    },
    write: (event, id) => response.write(written(event, id)),
    onRead: (callback) => response.on('drain', callback),
    alive: () => response.write(': alive\n\n'),
    end(event) {
      response.end(written(event, null));
      const late = setTimeout(() => response.destroy(), LINGER);
      response.once('close', () => clearTimeout(late));
    },
    onClosed: (callback) => response.once('close', callback),
  };
}

/** A text message of JSON for each event, `{event, id?, data}`; what the client says is not listened to. */
export function webSocketOutlet(socket: WebSocket): ClosableOutlet {
  let read = () => {};
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const send = (event: StreamEvent, id: string | null) =>
    socket.send(JSON.stringify({ event: event.event, ...(id !== null && { id }), data: event.data }), () => {
      if (socket.bufferedAmount === 0) read();
    });
  return {
    get unsent() {
      return socket.bufferedAmount;
    },
    write: send,
    onRead(callback) {
      read = callback;
    },
    alive() {
      if (!answered) return socket.terminate();
      answered = false;
      socket.ping();
    },
    end(event) {
      send(event, null);
      socket.close(1001);
      const late = setTimeout(() => socket.terminate(), LINGER);
      socket.once('close', () => clearTimeout(late));
    },
    onClosed: (callback) => socket.once('close', callback),
  };
}
