/**
 * What the gateway says, in the way the weakest clients in the field can take it: frames of a length up to 255 wherever
 * the content can be split (the C client reads two-byte lengths backwards), an element over 127 bytes only in an array
 * of wider lengths and channel ids below 128 (the TC65 client has signed bytes), and a channel defined just before its
 * first use (all of them).
 */
import type { Command, Setting } from '../protocol.js';
import { MAX_LENGTH, type Width } from './frames.js';
import { array, arrayLength, data, definition } from './messages.js';

/** Channels the gateway has defined at one time; the one defined longest ago gives its id to the next. */
export const MAX_SERVER_CHANNELS = 128;
/** A setting is not sent again with the same value within this many milliseconds. */
export const SETTING_PAUSE = 40_000;
/** Settings remembered for that, and characters of their names and values together; the oldest are forgotten. */
export const MAX_REMEMBERED_SETTINGS = 1_024;
export const MAX_REMEMBERED_CHARACTERS = 1_048_576;

/** Longest element of an array whose lengths are one byte. */
const MAX_SHORT_ELEMENT = 127;
/** Longest frame that every client takes, as its length byte says. */
const MAX_SHORT_LENGTH = 255;

/** What one connection was told, and so how to say the next thing. */
export class Voice {
  /** Channels by id. Few are in use, so that looking through them is quick, and small while a connection is idle. */
  readonly #names: string[] = [];
  #nextId = 0;
  #sentSettings: Map<string, { readonly value: string; readonly at: number }> | null = null;
  #sentCharacters = 0;
  #pings = 0;

  /** A data message, with its channel's definition where that is due. */
  data(channel: string, payload: Uint8Array): Uint8Array {
    return this.#on(channel, (id) => data(id, payload));
  }

  /** An array message, with its channel's definition where that is due. Throws RangeError over 1 MiB. */
  array(channel: string, elements: readonly Uint8Array[]): Uint8Array {
    return this.#on(channel, (id) => array(id, elements, widthForClients(elements)));
  }

  /** `["e", id, line, …]` on `_cmd`, or null: over 1 MiB. */
  command({ id, text }: Command): Uint8Array | null {
    const elements = ['e', id, ...text.split('\n')].map(utf8);
    return fitsFrame(elements) ? this.array('_cmd', elements) : null;
  }

  /**
   * As few short `["sg", "name=value", …]` as hold them, in order, without those sent with the same value less than
   * 40 s ago. A setting too long for a short frame goes alone in a longer one; over 1 MiB `tooLong` is told its name.
   */
  settings(settings: readonly Setting[], now: number, tooLong: (name: string) => void): Uint8Array[] {
    const messages: Uint8Array[] = [];
    let elements = [SG];
    const flush = () => {
      if (elements.length > 1) messages.push(this.array('_set', elements));
      elements = [SG];
    };
    for (const { name, value } of settings) {
      if (this.#saidLately(name, value, now)) continue;
      const element = utf8(`${name}=${value}`);
      if (!fitsFrame([SG, element])) {
        tooLong(name);
        continue;
      }
      const short = element.length <= MAX_SHORT_ELEMENT;
      if (!short || arrayLength([...elements, element], 1) > MAX_SHORT_LENGTH) flush();
      elements.push(element);
      if (!short) flush();
      this.#remember(name, value, now);
    }
    flush();
    return messages;
  }

  /** Forgets which settings were sent: the next device on this connection has others. */
  forgetSettings(): void {
    this.#sentSettings = null;
    this.#sentCharacters = 0;
  }

  /** The number of the next server ping, from 1 up, and from 0 again after 255. */
  nextPing(): number {
    this.#pings = (this.#pings + 1) & 0xff;
    return this.#pings;
  }

  #on(channel: string, frame: (id: number) => Uint8Array): Uint8Array {
    const known = this.#names.indexOf(channel);
    if (known !== -1) return frame(known);
    const id = this.#nextId;
    const said = frame(id);
    this.#names[id] = channel;
    this.#nextId = (id + 1) % MAX_SERVER_CHANNELS;
    return Buffer.concat([definition(id, channel), said]);
  }

  #saidLately(name: string, value: string, now: number): boolean {
    const sent = this.#sentSettings?.get(name);
    // A clock that was set back must not keep a setting from the device.
    return sent !== undefined && sent.value === value && now >= sent.at && now - sent.at < SETTING_PAUSE;
  }

  #remember(name: string, value: string, now: number): void {
    this.#forget(name);
    this.#sentSettings ??= new Map();
    this.#sentSettings.set(name, { value, at: now });
    this.#sentCharacters += name.length + value.length;
    for (const oldest of this.#sentSettings.keys()) {
      if (this.#sentSettings.size <= MAX_REMEMBERED_SETTINGS && this.#sentCharacters <= MAX_REMEMBERED_CHARACTERS)
        break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const sent = this.#sentSettings?.get(name);
    if (sent === undefined) return;
    this.#sentSettings?.delete(name);
    this.#sentCharacters -= name.length + sent.value.length;
  }
}

/** The width of an array's lengths that every client reads rightly, as far as there is one. */
function widthForClients(elements: readonly Uint8Array[]): Width {
  return elements.some((element) => element.length > MAX_SHORT_ELEMENT) ? 2 : 1;
}

function fitsFrame(elements: readonly Uint8Array[]): boolean {
  return arrayLength(elements, 4) <= MAX_LENGTH;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

const SG = utf8('sg');
