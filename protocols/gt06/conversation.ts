/** What a session knows of its conversation. */
import type { SentMessages } from '../sent.js';
import type { Turns } from '../turns.js';
import { type Frame, type FrameReader, frameOf, type Packet } from './frames.js';
import type { Login } from './texts.js';

export interface Conversation extends Turns<Frame> {
  readonly reader: FrameReader;
  /** The UUIDs of commands that were sent, by their flags. */
  readonly sent: SentMessages<string>;
  /** The login whose outcome is awaited, and its serial number. */
  login: { readonly says: Login; readonly serial: number } | null;
  /** Minutes that the device's clock is ahead of UTC. */
  clockOffset: number;
  /** Our next serial number. */
  serial: number;
}

/** Answers a packet with its own protocol and serial number. */
export function answer(
  conversation: Conversation,
  { protocol, serial }: Pick<Packet, 'protocol' | 'serial'>,
  when: 'now' | 'durable',
  content: Uint8Array = NOTHING,
): void {
  conversation.effects.push({ do: 'answer', bytes: frameOf(protocol, content, serial), when });
}

/** Says something of our own. */
export function say(conversation: Conversation, protocol: number, content: Uint8Array): void {
  conversation.serial = (conversation.serial + 1) & 0xffff;
  conversation.effects.push({ do: 'answer', bytes: frameOf(protocol, content, conversation.serial), when: 'now' });
}

const NOTHING = Buffer.alloc(0);
