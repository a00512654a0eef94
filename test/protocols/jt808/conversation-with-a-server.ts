import { createDevice, type Jt808Device } from '../../../protocols/jt808/device.js';
import { FrameReader, readContent } from '../../../protocols/jt808/frames.js';
import { idText } from '../../../protocols/jt808/ids.js';
import { readMessage } from '../../../protocols/jt808/messages.js';
import { createSession } from '../../../protocols/jt808/session.js';
import type { Effect, Identified, NewReading, Session } from '../../../protocols/protocol.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const PHONE = '13800001000';

export const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
};

/** A session before its first message. */
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

/** A session whose device is identified, and that device; what was said by then is given too. */
export function identifiedSession(
  what: Partial<Identified> = {},
  version: number | null = null,
): { session: Session; device: Jt808Device; hear: (bytes: Uint8Array) => Effect[]; said: string[] } {
  const session = newSession();
  const device = createDevice({ version });
  session.receive(device.identify(`jt808:${PHONE}`), NOW);
  const effects = session.tell({ tell: 'identified', ...identified, ...what }, NOW);
  return { session, device, hear: (bytes) => session.receive(bytes, NOW), said: said(effects) };
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

export function stored(effects: readonly Effect[]): NewReading[] {
  return effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading] : []));
}

export function counted(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.do === 'count' ? [effect.what] : []));
}

export function confirmed(effects: readonly Effect[]): object[] {
  return effects.flatMap((effect) => (effect.do === 'confirm' ? [effect.what] : []));
}
