/** Sub-packages put together: a body over 1,023 bytes comes in several frames, perhaps not in order. */
import type { Message } from './messages.js';

/** Milliseconds within which all sub-packages of a message must come. */
export const PARTS_WITHIN = 60_000;
/** Sub-packages of one message, and bytes of the body they make. */
export const MAX_PARTS = 64;
export const MAX_PARTED_BYTES = 65_536;
/** Messages of one connection whose sub-packages are waited for at one time; the oldest is given up. */
export const MAX_UNFINISHED = 4;

interface Unfinished {
  readonly since: number;
  readonly pieces: (Message | undefined)[];
  count: number;
  bytes: number;
}

export class Parts {
  /** By message, number of sub-packages, and the serial number that the first of them has. */
  readonly #unfinished = new Map<string, Unfinished>();

  /**
   * Takes one sub-package: the whole message where this was the last of them, null where others are missing, or what is
   * wrong with it, for a person. `given` up are told to `givenUp`.
   */
  take(message: Message, now: number, givenUp: (why: string) => void): Message | string | null {
    const { part } = message;
    if (part === null) return message;
    const { number, total } = part;
    if (total === 0 || total > MAX_PARTS || number === 0 || number > total)
      return `sub-package ${number} of ${total}, expected at most ${MAX_PARTS}`;
    this.#giveUpOld(now, givenUp);
    const key = `${message.id} ${total} ${(message.serial - number + 1) & 0xffff}`;
    const unfinished = this.#unfinished.get(key) ?? { since: now, pieces: [], count: 0, bytes: 0 };
    this.#unfinished.set(key, unfinished);
    if (unfinished.pieces[number] === undefined) unfinished.count++;
    else unfinished.bytes -= unfinished.pieces[number].body.length;
    // A copy: a part of what the socket read keeps all of it.
    unfinished.pieces[number] = { ...message, body: Buffer.from(message.body) };
    unfinished.bytes += message.body.length;
    if (unfinished.bytes > MAX_PARTED_BYTES) {
      this.#unfinished.delete(key);
      return `sub-packages of ${unfinished.bytes} bytes, expected at most ${MAX_PARTED_BYTES}`;
    }
    if (unfinished.count < total) {
      this.#makeRoom(givenUp);
      return null;
    }
    this.#unfinished.delete(key);
    const pieces = unfinished.pieces.filter((piece) => piece !== undefined);
    return {
      ...message,
      part: null,
      body: Buffer.concat(pieces.map(({ body }) => body)),
      serials: pieces.map(({ serial }) => serial),
    };
  }

  #giveUpOld(now: number, givenUp: (why: string) => void): void {
    // A clock that was set back must not keep them for ever.
    for (const [key, { since, count }] of this.#unfinished)
      if (now - since >= PARTS_WITHIN || now < since) {
        this.#unfinished.delete(key);
        givenUp(`${count} sub-packages whose others did not come within ${PARTS_WITHIN / 1_000} s`);
      }
  }

  #makeRoom(givenUp: (why: string) => void): void {
    for (const [key, { count }] of this.#unfinished) {
      if (this.#unfinished.size <= MAX_UNFINISHED) break;
      this.#unfinished.delete(key);
      givenUp(`${count} sub-packages, as others of more than ${MAX_UNFINISHED} messages wait`);
    }
  }
}
