/** What the gateway says of its own: settings, commands with their short numbers, and whether the device is there. */
import type { Command, Setting } from '../protocol.js';
import { onOneLine } from './lines.js';

/** A setting is not sent again of itself with the same value within this many milliseconds. */
export const SETTING_PAUSE = 40_000;
/** Settings remembered for that, and characters of their names and values together; the oldest are forgotten. */
export const MAX_REMEMBERED_SETTINGS = 1_024;
export const MAX_REMEMBERED_CHARACTERS = 1_048_576;
/** Commands whose numbers are remembered on a connection; the oldest is forgotten. */
export const MAX_REMEMBERED_COMMANDS = 1_024;

/** What one connection was told. */
export class Voice {
  // Made when they are needed: most connections are idle, and there are many.
  #settings: Map<string, { readonly value: string; readonly at: number }> | null = null;
  #characters = 0;
  #numbers: Map<string, number> | null = null;
  #ids: Map<number, string> | null = null;
  #lastNumber = 0;
  #lastAlive = 0;

  /** `S S <name> <value>`, or null: its name cannot be a field of a line. */
  setting({ name, value }: Setting, now: number): string | null {
    if (!FIELD.test(name)) return null;
    this.#remember(name, value, now);
    return `S S ${name} ${onOneLine(value)}`;
  }

  /** Whether the setting was sent with this value less than 40 s ago. */
  saidLately({ name, value }: Setting, now: number): boolean {
    const sent = this.#settings?.get(name);
    // A clock that was set back must not keep a setting from the device.
    return sent !== undefined && sent.value === value && now >= sent.at && now - sent.at < SETTING_PAUSE;
  }

  /** The value that a device means: one with line breaks comes back as it went over the wire. */
  meant(name: string, value: string): string {
    const sent = this.#settings?.get(name);
    return sent !== undefined && onOneLine(sent.value) === value ? sent.value : value;
  }

  /** `C <n> <text>`; `n` stays the same for a command while the connection lasts. */
  command({ id, text }: Command): string {
    this.#numbers ??= new Map();
    this.#ids ??= new Map();
    let number = this.#numbers.get(id);
    if (number === undefined) {
      number = ++this.#lastNumber;
      this.#numbers.set(id, number);
      this.#ids.set(number, id);
      for (const [oldest, its] of this.#numbers) {
        if (this.#numbers.size <= MAX_REMEMBERED_COMMANDS) break;
        this.#numbers.delete(oldest);
        this.#ids.delete(its);
      }
    }
    return `C ${number} ${onOneLine(text)}`;
  }

  /** The UUID of the command that was sent under a number. */
  commandOf(number: string): string | undefined {
    return NUMBER.test(number) ? this.#ids?.get(Number(number)) : undefined;
  }

  /** The number of the next `A <n>`. */
  nextAlive(): number {
    this.#lastAlive = (this.#lastAlive + 1) & 0xff;
    return this.#lastAlive;
  }

  #remember(name: string, value: string, now: number): void {
    this.#forget(name);
    this.#settings ??= new Map();
    this.#settings.set(name, { value, at: now });
    this.#characters += name.length + value.length;
    for (const oldest of this.#settings.keys()) {
      if (this.#settings.size <= MAX_REMEMBERED_SETTINGS && this.#characters <= MAX_REMEMBERED_CHARACTERS) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const sent = this.#settings?.get(name);
    if (sent === undefined) return;
    this.#settings?.delete(name);
    this.#characters -= name.length + sent.value.length;
  }
}

/** No spaces, no line breaks, something. */
const FIELD = /^[^ \r\n]+$/;
const NUMBER = /^\d{1,9}$/;
