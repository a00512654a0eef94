/**
 * The durable answers of one connection, in their order: an answer leaves when everything the connection sent before
 * it is durable and every answer before it has left.
 */
export interface WaitingAnswer {
  bytes: Uint8Array;
  /** Milliseconds of the monotonic clock when it was asked for. */
  readonly askedAt: number;
  ready: boolean;
}

export class DurableAnswers {
  #waiting: WaitingAnswer[] = [];
  readonly #send: (bytes: Uint8Array, askedAt: number) => void;

  constructor(send: (bytes: Uint8Array, askedAt: number) => void) {
    this.#send = send;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Appends an answer that waits. */
  push(bytes: Uint8Array, askedAt: number): WaitingAnswer {
    const answer = { bytes, askedAt, ready: false };
    this.#waiting.push(answer);
    return answer;
  }

  /**
   * Marks an answer as durable, and sends all that may leave now. With `otherwise` it is not durable: that is sent
   * in its place. What is released already stays as it is.
   */
  release(answer: WaitingAnswer, otherwise?: Uint8Array): void {
    if (answer.ready) return;
    answer.ready = true;
    if (otherwise) answer.bytes = otherwise;
    let sent = 0;
    while (this.#waiting[sent]?.ready) sent++;
    for (const due of this.#waiting.splice(0, sent)) this.#send(due.bytes, due.askedAt);
  }

  /** Forgets all that waits: nothing of it may be said any more. */
  drop(): void {
    this.#waiting = [];
  }
}
