import { createDevice, type H02Device } from '../../../protocols/h02/device.js';
import { createSession } from '../../../protocols/h02/session.js';
import type { ConnectionFacts, Effect, Identified, Session } from '../../../protocols/protocol.js';
import { facts, identify, type Spoken } from '../outcomes.js';

export const NOW = Date.UTC(2026, 2, 1, 8, 35);
export const ID = '4109179024';

/** A session before its first message. */
export function newSession(transport: ConnectionFacts['transport'] = 'tcp'): Session {
  return createSession(facts(NOW, transport));
}

/** A session whose device is identified, and that device. */
export function identifiedSession(
  what: Partial<Identified> = {},
  transport: ConnectionFacts['transport'] = 'tcp',
): Spoken<H02Device> {
  return identify(newSession(transport), createDevice(), `h02:${ID}`, NOW, what);
}

/** The texts of the server; durable answers are marked. */
export function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) =>
    effect.do === 'answer' ? [(effect.when === 'durable' ? 'when durable: ' : '') + Buffer.from(effect.bytes)] : [],
  );
}
