import { createSession } from '../../../protocols/alip/session.js';
import type { Effect, Identified, Session } from '../../../protocols/protocol.js';
import { facts, identified } from '../outcomes.js';

export const NOW = 1_700_000_000_000;

/** A session over which a test speaks in lines. */
export interface Server {
  readonly session: Session;
  /** What comes of lines, each with its end put behind it. */
  hear(...lines: string[]): Effect[];
  /** The lines that the server says to these, as far as it says them at once. */
  answers(...lines: string[]): string[];
}

/** A session before its first line. */
export function newServer({ debug = false } = {}): Server {
  const session = createSession({ ...facts(NOW - 90_500), debug });
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
