/** What devices say in all recorded sessions over TCP, by protocol: the seeds of mutation. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Protocol } from '../../protocols/protocol.js';
import { literalBytes } from '../../src/sessions/payload.js';
import { parseSession } from '../../src/sessions/session-parser.js';

const FIXTURES = new URL('../../fixtures/', import.meta.url).pathname;

export interface Recorded {
  readonly name: string;
  /** All that the device sends, in one piece. */
  readonly bytes: Buffer;
}

export function corpusOf(protocol: Protocol): Recorded[] {
  return readdirSync(FIXTURES + protocol.name)
    .sort()
    .flatMap((name) => {
      const session = parseSession(readFileSync(`${FIXTURES}${protocol.name}/${name}`, 'utf8'), name);
      if (session.transport === 'udp') return [];
      const sent = session.events.flatMap(({ from, does }) =>
        from === 'device' && does !== 'close' ? [Buffer.from(literalBytes(does) ?? [])] : [],
      );
      return [{ name, bytes: Buffer.concat(sent) }];
    });
}
