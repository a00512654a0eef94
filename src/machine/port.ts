/** A two-way channel to another thread or process of this machine, and calls over it. */
import type { ChildProcess } from 'node:child_process';
import type { MessagePort, Worker } from 'node:worker_threads';

export interface Port {
  post(message: Envelope): void;
  /** The one who takes what comes. */
  listen(onMessage: (message: Envelope) => void, onClosed: () => void): void;
}

/** What goes over a port: a call, its answer, or why there is none. */
export type Envelope =
  | { readonly call: string; readonly n: number; readonly value: unknown }
  | { readonly answer: number; readonly value: unknown }
  | { readonly error: number; readonly name: string; readonly message: string };

export function threadPort(port: MessagePort | Worker): Port {
  return {
    post: (message) => port.postMessage(message),
    listen(onMessage, onClosed) {
      port.on('message', onMessage);
      port.on('exit', onClosed);
      port.on('close', onClosed);
    },
  };
}

/** Of a child, or, from inside it, of its parent: the process itself. */
export function processPort(other: NodeJS.Process | ChildProcess): Port {
  return {
    post(message) {
      if (other.connected) other.send?.(message);
    },
    listen(onMessage, onClosed) {
      other.on('message', onMessage);
      other.on('disconnect', onClosed);
    },
  };
}

/** What one side can be asked: by name, what goes in and what comes out. */
export type Calls = { readonly [name: string]: { readonly takes: unknown; readonly gives: unknown } };

export type Handlers<C extends Calls> = {
  readonly [K in keyof C]: (value: C[K]['takes']) => C[K]['gives'] | Promise<C[K]['gives']>;
};

export interface Peer<C extends Calls> {
  /** Rejects with `CallFailed` as the other side rejected, or when it is gone. */
  ask<K extends keyof C & string>(call: K, value: C[K]['takes']): Promise<C[K]['gives']>;
}

/** Why a call gave nothing: `errorName` is the name of the error on the other side, or `Gone`. */
export class CallFailed extends Error {
  constructor(
    readonly errorName: string,
    message: string,
  ) {
    super(message);
    this.name = 'CallFailed';
  }
}

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Answers the calls that come over a port and makes its own. What both sides may ask is agreed by their types: they
 * are one program. How many calls are under way is bounded by the callers.
 */
export function peer<Theirs extends Calls, Ours extends Calls>(
  port: Port,
  handlers: Handlers<Ours>,
  onClosed: () => void,
): Peer<Theirs> {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  let gone = false;

  async function answer(call: string, n: number, value: unknown): Promise<void> {
    try {
      const handler = handlers[call];
      if (!handler) throw new Error(`Unknown call: ${call}`);
      port.post({ answer: n, value: await handler(value) });
    } catch (error) {
      const [name, message] = error instanceof Error ? [error.name, error.message] : ['Error', String(error)];
      port.post({ error: n, name, message });
    }
  }

  port.listen(
    (message) => {
      if ('call' in message) {
        answer(message.call, message.n, message.value);
        return;
      }
      const n = 'answer' in message ? message.answer : message.error;
      const one = waiting.get(n);
      waiting.delete(n);
      if ('answer' in message) one?.resolve(message.value as never);
      else one?.reject(new CallFailed(message.name, message.message));
    },
    () => {
      if (gone) return;
      gone = true;
      for (const { reject } of waiting.values()) reject(lost());
      waiting.clear();
      onClosed();
    },
  );

  return {
    ask(call, value) {
      if (gone) return Promise.reject(lost());
      const n = ++calls;
      return new Promise((resolve, reject) => {
        waiting.set(n, { resolve, reject });
        port.post({ call, n, value });
      });
    },
  };
}

function lost(): CallFailed {
  return new CallFailed('Gone', 'The other side is gone');
}
