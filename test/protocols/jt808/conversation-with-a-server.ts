import { createDevice, type Jt808Device } from '../../../protocols/jt808/device.js';
import { FrameReader, readContent } from '../../../protocols/jt808/frames.js';
import { idText } from '../../../protocols/jt808/ids.js';
import { readMessage } from '../../../protocols/jt808/messages.js';
import { createSession } from '../../../protocols/jt808/session.js';
import type { Effect, Identified, Session } from '../../../protocols/protocol.js';
import { facts, identify, type Spoken } from '../outcomes.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const PHONE = '13800001000';

/** A session before its first message. */
export function newSession(): Session {
  return createSession(facts(NOW));
}

/** A session whose device is identified, and that device. */
export function identifiedSession(what: Partial<Identified> = {}, version: number | null = null): Spoken<Jt808Device> {
  return identify(newSession(), createDevice({ version }), `jt808:${PHONE}`, NOW, what);
}

/** What the server says, as `<id> <body in hex>`; durable answers are marked. */
export function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.do !== 'answer') return [];
    const reader = new FrameReader();
    reader.push(effect.bytes);
    const content = readContent(reader.next()?.raw ?? Buffer.alloc(0));
    const message = typeof content === 'string' ? null : readMessage(content);
    if (message === null)
      throw new Error(`the server says what is no message: ${Buffer.from(effect.bytes).toString('hex')}`);
    return [
      `${effect.when === 'durable' ? 'when durable: ' : ''}${idText(message.id)} ${message.body.toString('hex')}`,
    ];
  });
}
