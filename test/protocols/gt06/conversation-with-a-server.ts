import { createDevice, type Gt06Device } from '../../../protocols/gt06/device.js';
import { FrameReader } from '../../../protocols/gt06/frames.js';
import { numberText } from '../../../protocols/gt06/numbers.js';
import { createSession } from '../../../protocols/gt06/session.js';
import type { Effect, Identified, NewReading, Session } from '../../../protocols/protocol.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const IDENT = 'imei:490154203237518';

export const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
};

/** A session before its first packet. */
export function newSession(): Session {
  return createSession({
    id: 7,
    source: '192.0.2.1:4711',
    transport: 'tcp',
    openedAt: NOW,
    version: '1',
    debug: false,
  });
}

/** A session whose device is identified, and that device. */
export function identifiedSession(what: Partial<Identified> = {}): {
  session: Session;
  device: Gt06Device;
  hear: (bytes: Uint8Array) => Effect[];
  said: string[];
} {
  const session = newSession();
  const device = createDevice();
  session.receive(device.identify(IDENT), NOW);
  const effects = session.tell({ tell: 'identified', ...identified, ...what }, NOW);
  return { session, device, hear: (bytes) => session.receive(bytes, NOW), said: said(effects) };
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

export function stored(effects: readonly Effect[]): NewReading[] {
  return effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading] : []));
}

export function counted(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.do === 'count' ? [effect.what] : []));
}

export function confirmed(effects: readonly Effect[]): object[] {
  return effects.flatMap((effect) => (effect.do === 'confirm' ? [effect.what] : []));
}
