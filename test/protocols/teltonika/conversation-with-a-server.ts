/** A session as a gateway drives it, for tests of Teltonika. */
import type { Effect, Identified, Session } from '../../../protocols/protocol.js';
import { login, packet } from '../../../protocols/teltonika/frames.js';
import { type RecordToWrite, recordsContent } from '../../../protocols/teltonika/records.js';
import { createSession } from '../../../protocols/teltonika/session.js';
import { facts, identified } from '../outcomes.js';

export const NOW = Date.UTC(2026, 5, 1, 12, 5);
export const IMEI = '352093081429150';

export function newSession(transport: 'tcp' | 'udp' = 'tcp'): Session {
  return createSession(facts(NOW, transport));
}

export function accept(session: Session, given: Partial<Identified> = {}): Effect[] {
  return session.tell({ tell: 'identified', ...identified, ...given }, NOW);
}

export function identifiedSession(given: Partial<Identified> = {}): Session {
  const session = newSession();
  session.receive(login(IMEI), NOW);
  accept(session, given);
  return session;
}

export function packetOf(codec: number, ...records: RecordToWrite[]): Buffer {
  return packet(recordsContent(codec, records));
}

export const place: RecordToWrite = {
  time: NOW - 1_000,
  lat: 54.7146368,
  lon: 25.3032016,
  alt: 111,
  head: 214,
  sat: 12,
  spd: 34,
};

export function answers(effects: readonly Effect[]): { hex: string; when: string }[] {
  return effects.flatMap((effect) =>
    effect.do === 'answer' ? [{ hex: Buffer.from(effect.bytes).toString('hex'), when: effect.when }] : [],
  );
}
