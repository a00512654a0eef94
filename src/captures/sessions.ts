/** Captured connections as recorded sessions, such as replay sends and decode explains. */
import type { Protocol } from '../../protocols/protocol.js';
import type { Session, SessionEvent } from '../sessions/session-file.js';
import { type CapturedConnection, connectionsOf } from './connections.js';
import { recognise, recogniseDatagrams } from './recognise.js';

/** A session of a capture, and the protocol it is in. */
export interface CapturedSession {
  readonly session: Session;
  readonly protocol: Protocol;
}

/** Sessions, and how many connections were of no known protocol. */
export interface CapturedSessions {
  readonly sessions: readonly CapturedSession[];
  readonly unknown: number;
}

/** The sessions of a capture file. Throws `CaptureError`. */
export function sessionsOfCapture(bytes: Buffer, protocols: readonly Protocol[]): CapturedSessions {
  const sessions: CapturedSession[] = [];
  let unknown = 0;
  for (const connection of connectionsOf(bytes)) {
    const found = sessionOf(connection, protocols);
    if (found) sessions.push(found);
    else unknown++;
  }
  return { sessions, unknown };
}

function sessionOf(connection: CapturedConnection, protocols: readonly Protocol[]): CapturedSession | null {
  const { transport } = connection;
  const sent = (from: 'client' | 'server') =>
    connection.events.flatMap((event) => (event.from === from && event.bytes !== 'close' ? [event.bytes] : []));
  // Where the opening was not captured, who spoke first may have been the server.
  for (const device of connection.opened ? (['client'] as const) : (['client', 'server'] as const)) {
    const pieces = sent(device);
    const protocol =
      transport === 'udp' ? recogniseDatagrams(pieces, protocols) : recognise(Buffer.concat(pieces), protocols);
    if (!protocol) continue;
    const [from, to] =
      device === 'client' ? [connection.client, connection.server] : [connection.server, connection.client];
    const lacks = connection.missing > 0 ? `, ${connection.missing} bytes not captured` : '';
    return {
      protocol,
      session: {
        protocol: protocol.name,
        transport,
        title: `${from} to ${to}${lacks}`,
        given: [],
        events: eventsOf(connection, device),
      },
    };
  }
  return null;
}

/** The events of both sides, up to the server's close, behind which a session has nothing. */
function eventsOf({ events }: CapturedConnection, device: 'client' | 'server'): SessionEvent[] {
  const start = events[0]?.time ?? 0;
  const session: SessionEvent[] = [];
  let at = 0;
  for (const { time, from, bytes } of events) {
    at = Math.max(at, Math.round(time - start));
    const who = from === device ? 'device' : 'server';
    const does = bytes === 'close' ? ('close' as const) : [{ part: 'bytes' as const, as: 'hex' as const, bytes }];
    session.push({ at, from: who, line: 0, does, comment: '' });
    if (who === 'server' && bytes === 'close') break;
  }
  return session;
}
