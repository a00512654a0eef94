import { createDevice, type H02Device } from '../../../protocols/h02/device.js';
import { createSession } from '../../../protocols/h02/session.js';
import type { ConnectionFacts, Effect, Identified, NewReading, Session } from '../../../protocols/protocol.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const ID = '4109179024';

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
export function newSession(transport: ConnectionFacts['transport'] = 'tcp'): Session {
  return createSession({ id: 7, source: '192.0.2.1:4711', transport, openedAt: NOW, version: '1', debug: false });
}

/** A session whose device is identified, and that device. */
export function identifiedSession(
  what: Partial<Identified> = {},
  transport: ConnectionFacts['transport'] = 'tcp',
): { session: Session; device: H02Device; hear: (bytes: Uint8Array | string) => Effect[]; said: string[] } {
  const session = newSession(transport);
  const device = createDevice();
  session.receive(device.identify(`h02:${ID}`), NOW);
  const effects = session.tell({ tell: 'identified', ...identified, ...what }, NOW);
  return { session, device, hear: (bytes) => session.receive(Buffer.from(bytes), NOW), said: said(effects) };
}

/** The texts of the server; durable answers are marked. */
export function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.do === 'answer' ? [(effect.when === 'durable' ? 'when durable: ' : '') + Buffer.from(effect.bytes)] : [],
  );
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
