/** What a session knows of its conversation, and how its parts add to what comes of it. */
import { type Command, type Effect, MAX_NAME_BYTES, type Oddity, type Setting } from '../protocol.js';
import { type Frame, type FrameReader, MAX_SHOWN_BYTES } from './frames.js';
import type { Voice } from './voice.js';

/** Channels that a device can have defined at one time: an id is one byte. */
export const MAX_DEVICE_CHANNELS = 256;

export interface Conversation {
  readonly reader: FrameReader;
  readonly voice: Voice;
  /** Those defined by the device, or used without, by id. */
  readonly channels: (Channel | undefined)[];
  /** `identifying` and `asking` wait to be told an outcome, and nothing more is read meanwhile. */
  state: 'unidentified' | 'identifying' | 'identified' | 'asking' | 'closed';
  /** Whether data was dropped since the connection opened, or since the device was last identified. */
  dropped: boolean;
  deviceId: string | null;
  handsOver: (channel: string) => boolean;
  /** What has come of the bytes or the intent at hand. */
  effects: Effect[];
}

/** A channel of one connection. */
export interface Channel {
  readonly name: string;
  readonly meaning: Meaning;
  /** The name of the listed sensor that its values belong to, or null. */
  readonly listed: string | null;
  /** Whether somebody else converts its data; null: not asked yet. */
  handedOver: boolean | null;
}

/** What is done with data, and with an array, of a channel. */
export interface Meaning {
  /** A name; ending with `*`, the beginning of names. */
  readonly channel: string;
  readonly data: (conversation: Conversation, channel: Channel, frame: Frame) => void;
  readonly array: (conversation: Conversation, channel: Channel, elements: readonly Buffer[], frame: Frame) => void;
  /** The protocol's own: never handed to somebody else. */
  readonly own?: true;
}

/** Sends bytes at once. */
export function say(conversation: Conversation, bytes: Uint8Array): void {
  conversation.effects.push({ do: 'answer', bytes, when: 'now' });
}

/** Sends the settings that were not sent lately. */
export function saySettings(conversation: Conversation, settings: readonly Setting[], now: number): void {
  const tooLong = (name: string) => count(conversation, 'malformed', `setting ${name} does not fit a frame, not sent`);
  for (const message of conversation.voice.settings(settings, now, tooLong)) say(conversation, message);
}

/** Sends commands, one message each. */
export function sayCommands(conversation: Conversation, commands: readonly Command[]): void {
  for (const command of commands) {
    const message = conversation.voice.command(command);
    if (message !== null) say(conversation, message);
    else count(conversation, 'malformed', `command ${command.id} does not fit a frame, not sent`);
  }
}

/** Counts something odd, with the frame it was in. */
export function count(conversation: Conversation, what: Oddity, why: string, frame?: Frame): void {
  if (frame === undefined) {
    conversation.effects.push({ do: 'count', what, why });
    return;
  }
  const bytes = frame.bytes.subarray(frame.start, Math.min(frame.end, frame.start + MAX_SHOWN_BYTES));
  conversation.effects.push({ do: 'count', what, why, bytes });
}

/** Counts bytes that break the framing and ends the connection; nothing is answered. */
export function breakOff(conversation: Conversation, why: string, bytes: Uint8Array): void {
  conversation.effects.push(
    { do: 'count', what: 'protocol_error', why, bytes },
    close(conversation, why, 'connection'),
  );
}

/** The effect that ends the connection, or all of this device; nothing more is read. */
export function close(conversation: Conversation, why: string, scope: 'connection' | 'device'): Effect {
  conversation.state = 'closed';
  return { do: 'close', why, scope };
}

/** Whether it can be the type of a reading, or the name of a setting, status or sensor. */
export function isName(name: string): boolean {
  return name.length > 0 && Buffer.byteLength(name) <= MAX_NAME_BYTES;
}
