/** What a session knows of its conversation, and how its parts add to what comes of it. */
import type { SentMessages, SentSettings } from '../sent.js';
import type { Turns } from '../turns.js';
import type { Frame, FrameReader } from './frames.js';
import { MESSAGE } from './ids.js';
import { type Message, messageFrames, type Terminal, words } from './messages.js';
import type { Parts } from './parts.js';

/** What a terminal's answer to one of our messages concerns. */
export type Sent =
  | { readonly what: 'command'; readonly id: number; readonly commandId: string }
  | { readonly what: 'setting'; readonly id: number; readonly name: string; readonly value: string }
  | { readonly what: 'question'; readonly id: number };

export interface Conversation extends Turns<Frame> {
  readonly reader: FrameReader;
  readonly parts: Parts;
  readonly sent: SentMessages<Sent>;
  readonly sentSettings: SentSettings;
  /** The phone number of the device that is identified, or is about to be. */
  phone: string;
  /** How it is spoken to: as it spoke last. */
  terminal: Terminal;
  /** The message whose sender is being identified. */
  held: Message | null;
  /** Minutes that the device's clock is ahead of UTC. */
  clockOffset: number;
  /** The switches of the newest record. */
  switches: number;
  /** Our next serial number. */
  serial: number;
}

/** Sends a message; gives the serial number of its first frame, which the answer names. */
export function say(conversation: Conversation, id: number, body: Uint8Array, when: 'now' | 'durable' = 'now'): number {
  const { serial, terminal } = conversation;
  for (const bytes of messageFrames(id, terminal, serial, body)) {
    conversation.effects.push({ do: 'answer', bytes, when });
    conversation.serial = (conversation.serial + 1) & 0xffff;
  }
  return serial;
}

/** Answers a message, each frame it came in, with a result. */
export function answer(
  conversation: Conversation,
  message: Message,
  result: number,
  when: 'now' | 'durable' = 'now',
): void {
  for (const serial of message.serials)
    say(conversation, MESSAGE.platformAnswer, Buffer.concat([words(serial, message.id), Buffer.of(result)]), when);
}
