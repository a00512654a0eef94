import { createSession } from '../../../protocols/alip/session.js';
import type { Effect, Identified, Session } from '../../../protocols/protocol.js';

export const NOW = 1_700_000_000_000;

/** A session over which a test speaks in lines. */
export interface Server {
  readonly session: Session;
  /** What comes of lines, each with its end put behind it. */
  hear(...lines: string[]): Effect[];
  /** The lines that the server says to these, as far as it says them at once. */
  answers(...lines: string[]): string[];
}

const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
};

/** A session before its first line. */
export function newServer({ debug = false } = {}): Server {
  const facts = {
    id: 7,
    source: '192.0.2.1:4711',
    transport: 'tcp' as const,
    openedAt: NOW - 90_500,
    version: '1.2.3',
    debug,
  };
  const session = createSession(facts);
  const hear = (...lines: string[]) => session.receive(Buffer.from(lines.map((line) => `${line}\n`).join('')), NOW);
  return { session, hear, answers: (...lines) => said(hear(...lines)) };
}

/** A session whose device is identified. */
export function identifiedServer(options: Partial<Identified> & { readonly debug?: boolean } = {}): Server {
  const server = newServer(options);
  server.hear('ID imei:123456789012345');
  server.session.tell({ tell: 'identified', ...identified, ...options }, NOW);
  return server;
}

/** The lines among effects, durable ones marked by what they wait for. */
export function said(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => {
    if (effect.do !== 'answer') return [];
    const line = Buffer.from(effect.bytes).toString().replace(/\n$/, '');
    return [effect.when === 'durable' ? `when durable: ${line}` : line];
  });
}

/** The readings among effects. */
export function stored(
  effects: readonly Effect[],
): { type: string; time: number | null; data: string; listed: string | null }[] {
  return effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading] : []));
}

/** The kinds of oddities among effects. */
export function counted(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.do === 'count' ? [effect.what] : []));
}
