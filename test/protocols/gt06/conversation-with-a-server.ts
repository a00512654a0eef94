import { createDevice, type Gt06Device } from '../../../protocols/gt06/device.js';
import { FrameReader } from '../../../protocols/gt06/frames.js';
import { numberText } from '../../../protocols/gt06/numbers.js';
import { createSession } from '../../../protocols/gt06/session.js';
import type { Effect, Identified, Session } from '../../../protocols/protocol.js';
import { facts, identify, type Spoken } from '../outcomes.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const IDENT = 'imei:490154203237518';

/** A session before its first packet. */
export function newSession(): Session {
  return createSession(facts(NOW));
}

/** A session whose device is identified, and that device. */
export function identifiedSession(what: Partial<Identified> = {}): Spoken<Gt06Device> {
  return identify(newSession(), createDevice(), IDENT, NOW, what);
}

/** What the server says, as `<protocol> <serial> <content in hex>`; durable answers are marked. */
export function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.do !== 'answer') return [];
    const reader = new FrameReader();
    reader.push(effect.bytes);
    const packet = reader.next()?.packet;
    if (typeof packet !== 'object') throw new Error(`the server says what is no packet: ${packet}`);
    const content = packet.content.length > 0 ? ` ${packet.content.toString('hex')}` : '';
    const when = effect.when === 'durable' ? 'when durable: ' : '';
    return [`${when}${numberText(packet.protocol)} ${packet.serial}${content}`];
  });
}
