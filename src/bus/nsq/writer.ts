/** A connection on which messages are published, made anew whenever it is lost: nsqjs itself never does that. */
import nsqjs from 'nsqjs';
import { formatServer, type ServerAddress } from './address.js';
import { createBackoff } from './backoff.js';

/** Seconds between two signs of life of an nsqd, and after which a silent one is given up. */
export const HEARTBEAT = 10;
export const SILENCE = 25;
/** Milliseconds that a connection, and a publication's confirmation, may take. */
export const ANSWER_WITHIN = 10_000;

export interface ReconnectingWriter {
  /** Whether `publish` may be called. */
  readonly ready: boolean;
  /** Calls back once: null when nsqd confirmed all of it, else why not; then any part may be published. */
  publish(topic: string, bodies: Buffer[], done: (error: Error | null) => void): void;
  close(): void;
}

export interface WriterOptions {
  /** The first that answers is written to. */
  readonly servers: readonly ServerAddress[];
  /** From 0 to 1, like Math.random. */
  readonly random: () => number;
  readonly onReady: () => void;
  readonly onTrouble: (why: string) => void;
}

export function openWriter({ servers, random, onReady, onTrouble }: WriterOptions): ReconnectingWriter {
  const backoff = createBackoff(random);
  let closed = false;
  let turn = 0;
  let current: { writer: nsqjs.Writer; lose: (why: string) => void } | null = null;
  let ready = false;
  let again: NodeJS.Timeout | undefined;

  function connect(): void {
    const server = servers[turn++ % servers.length];
    if (closed || !server) return;
    const { host, port } = server;
    const writer = new nsqjs.Writer(host, port, { heartbeatInterval: HEARTBEAT, idleTimeout: SILENCE });
    let lost = false;
    const lose = (why: string) => {
      if (lost) return;
      lost = true;
      clearTimeout(late);
      if (current?.writer === writer) {
        current = null;
        ready = false;
      }
      closeQuietly(writer);
      if (closed) return;
      onTrouble(`nsqd ${formatServer(server)}: ${why}`);
      again = setTimeout(connect, backoff.next());
    };
    const late = setTimeout(() => lose(`not connected within ${ANSWER_WITHIN} ms`), ANSWER_WITHIN);
    current = { writer, lose };
    writer.on('ready', () => {
      if (lost) return;
      clearTimeout(late);
      backoff.reset();
      // A server that was found is kept to.
      turn--;
      ready = true;
      onReady();
    });
    writer.on('error', (error: Error) => lose(error.message));
    writer.on('closed', () => lose('the connection was closed'));
    writer.connect();
  }

  connect();
  return {
    get ready() {
      return ready;
    },
    publish(topic, bodies, done) {
      const used = current;
      if (!used || !ready) {
        done(new Error('there is no connection to nsqd'));
        return;
      }
      let settled = false;
      const once = (error: Error | null) => {
        if (settled) return;
        settled = true;
        clearTimeout(late);
        // nsqd closes a connection on which something failed, and nsqjs tells of the failure before it does so itself.
        if (error) used.lose(error.message);
        done(error);
      };
      const late = setTimeout(() => once(new Error(`not confirmed within ${ANSWER_WITHIN} ms`)), ANSWER_WITHIN);
      used.writer.publish(topic, bodies, once);
    },
    close() {
      closed = true;
      clearTimeout(again);
      current?.lose('closed');
    },
  };
}

/** nsqjs throws where there is no socket yet, or none any more. */
function closeQuietly(writer: nsqjs.Writer): void {
  // Its socket is made in the next turn.
  setImmediate(() => {
    try {
      writer.close();
    } catch {
      // There was nothing to close.
    }
  });
}
