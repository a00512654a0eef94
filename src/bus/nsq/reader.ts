/** A connection on which one nsqd delivers the messages of a channel, made anew whenever it is lost. */
import nsqjs from 'nsqjs';
import { formatServer, type ServerAddress } from './address.js';
import { createBackoff } from './backoff.js';
import { ANSWER_WITHIN, HEARTBEAT, SILENCE } from './writer.js';

export interface ReconnectingReader {
  /** Takes no new messages. */
  pause(): void;
  close(): void;
}

export interface ReaderOptions {
  readonly server: ServerAddress;
  readonly topic: string;
  readonly channel: string;
  /** Messages under way at a time at the most. */
  readonly maxInFlight: number;
  /** Milliseconds after which nsqd gives a message that was not touched to somebody else. */
  readonly messageTimeout: number;
  readonly random: () => number;
  readonly onMessage: (message: nsqjs.NsqMessage) => void;
  readonly onReady: () => void;
  readonly onTrouble: (why: string) => void;
  /** Whether it is there only so that the channel is: it takes no messages. */
  readonly idle?: boolean;
}

/** nsqjs looks for its servers by itself as well, which is done here: seconds until it does. */
const NEVER = 1_000_000;

export function openReader(options: ReaderOptions): ReconnectingReader {
  const { server, topic, channel, maxInFlight, messageTimeout, random, onMessage, onReady, onTrouble } = options;
  const { idle = false } = options;
  const backoff = createBackoff(random);
  let closed = false;
  let paused = false;
  let again: NodeJS.Timeout | undefined;
  let current: nsqjs.Reader | null = null;

  function connect(): void {
    const reader = new nsqjs.Reader(topic, channel, {
      nsqdTCPAddresses: [formatServer(server)],
      lookupdPollInterval: NEVER,
      heartbeatInterval: HEARTBEAT,
      idleTimeout: SILENCE,
      maxInFlight,
      messageTimeout,
    });
    current = reader;
    let lost = false;
    let why = 'the connection was closed';
    const lose = () => {
      if (lost) return;
      lost = true;
      clearTimeout(late);
      closeQuietly(reader);
      if (closed) return;
      onTrouble(`nsqd ${formatServer(server)}, ${topic}/${channel}: ${why}`);
      if (!paused) again = setTimeout(connect, backoff.next());
    };
    const late = setTimeout(() => {
      why = `not connected within ${ANSWER_WITHIN} ms`;
      lose();
    }, ANSWER_WITHIN);
    reader.on('ready', () => {
      clearTimeout(late);
      if (lost || closed) return;
      backoff.reset();
      if (idle) reader.pause();
      onReady();
    });
    // An answer for a message that nsqd has given to somebody else meanwhile is such an error too: the connection stays.
    reader.on('error', (error: Error) => {
      why = error.message;
    });
    reader.on('nsqd_closed', lose);
    reader.on('message', (message: nsqjs.NsqMessage) => onMessage(message));
    reader.connect();
  }

  connect();
  return {
    pause() {
      paused = true;
      clearTimeout(again);
      current?.pause();
    },
    close() {
      closed = true;
      clearTimeout(again);
      if (current) closeQuietly(current);
    },
  };
}

/** nsqjs throws where there is no socket yet, or none any more. */
function closeQuietly(reader: nsqjs.Reader): void {
  // Its socket is made in the next turn.
  setImmediate(() => {
    try {
      reader.close();
    } catch {
      // There was nothing to close.
    }
  });
}
