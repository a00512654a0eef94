/** What a connection was sent and is to be remembered for a while, within bounds. */
import type { Setting } from './protocol.js';

/** A setting is not sent again of itself with the same value within this many milliseconds. */
export const SETTING_PAUSE = 40_000;
/** Settings remembered for that on a connection, and messages whose answers are waited for; the oldest are forgotten. */
export const MAX_REMEMBERED_SETTINGS = 256;
export const MAX_REMEMBERED_MESSAGES = 256;

/** Which settings were sent, when, with which value. */
export class SentSettings {
  // Made when it is needed: most connections are idle, and there are many.
  #sent: Map<string, { readonly value: string; readonly at: number }> | null = null;

  /** Whether the setting was sent with this value less than 40 s ago. */
  lately({ name, value }: Setting, now: number): boolean {
    const sent = this.#sent?.get(name);
    // A clock that was set back must not keep a setting from the device.
    return sent !== undefined && sent.value === value && now >= sent.at && now - sent.at < SETTING_PAUSE;
  }

  remember({ name, value }: Setting, now: number): void {
    this.#sent ??= new Map();
    this.#sent.delete(name);
    this.#sent.set(name, { value, at: now });
    forgetOldest(this.#sent, MAX_REMEMBERED_SETTINGS);
  }

  /** Forgets all: the next device on this connection has others. */
  clear(): void {
    this.#sent = null;
  }
}

/** What was sent under a number that comes back in the answer. */
export class SentMessages<T> {
  #sent: Map<number, T> | null = null;

  remember(number: number, what: T): void {
    this.#sent ??= new Map();
    this.#sent.delete(number);
    this.#sent.set(number, what);
    forgetOldest(this.#sent, MAX_REMEMBERED_MESSAGES);
  }

  /** What was sent under it, which is forgotten with this, or undefined: nothing is waited for under that number. */
  answered(number: number): T | undefined {
    const what = this.#sent?.get(number);
    this.#sent?.delete(number);
    return what;
  }

  /** Forgets all: the next device on this connection was sent nothing. */
  clear(): void {
    this.#sent = null;
  }
}

function forgetOldest(map: Map<unknown, unknown>, most: number): void {
  for (const oldest of map.keys()) {
    if (map.size <= most) break;
    map.delete(oldest);
  }
}
