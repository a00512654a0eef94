/** What we use of nsqjs, which brings no types. */
declare module 'nsqjs' {
  import type { EventEmitter } from 'node:events';

  interface ConnectionOptions {
    /** Seconds between two signs of life that nsqd sends. */
    heartbeatInterval?: number;
    /** Seconds of silence after which the connection is closed; 0: never. */
    idleTimeout?: number;
  }

  interface ReaderOptions extends ConnectionOptions {
    /** HOST:PORT. */
    nsqdTCPAddresses?: string[];
    /** Seconds. */
    lookupdPollInterval?: number;
    maxInFlight?: number;
    /** Milliseconds after which nsqd gives a message that was not touched to somebody else. */
    messageTimeout?: number;
  }

  export interface NsqMessage {
    readonly id: string;
    readonly body: Buffer;
    readonly attempts: number;
    finish(): void;
    /** Milliseconds. With `backoff` the whole reader takes nothing for a while. */
    requeue(delay: number, backoff: boolean): void;
    touch(): void;
  }

  export class Reader extends EventEmitter {
    constructor(topic: string, channel: string, options: ReaderOptions);
    connect(): void;
    pause(): void;
    close(): void;
  }

  export class Writer extends EventEmitter {
    constructor(host: string, port: number, options: ConnectionOptions);
    connect(): void;
    publish(topic: string, bodies: Buffer[], done: (error: Error | null) => void): void;
    close(): void;
  }
}
