/** Writes sessions as text, as `parseSession` reads them. */
import { mergeParts, writeHex, writePayload, writeText } from './payload.js';
import type { Given, Session, SessionEvent } from './session-file.js';

/** The text of a session: read again, it is the same session with its parts merged and its lines numbered. */
export function writeSession(session: Session): string {
  const transport = session.transport === 'udp' ? ['@transport udp'] : [];
  const given = session.given.map(writeGiven);
  const lines = [`@protocol ${session.protocol}`, ...transport, `@title ${session.title}`, ...given, ''];
  const width = Math.max(...session.events.map((event) => seconds(event.at).length), 1);
  for (const event of session.events) lines.push(writeEvent(event, width));
  return `${lines.join('\n')}\n`;
}

/** One event as a line, without the line break; times are padded to `width`. */
export function writeEvent(event: SessionEvent, width: number): string {
  const does = event.does === 'close' ? 'close' : writePayload(mergeParts(event.does));
  const comment = event.comment && `  # ${event.comment}`;
  return `${seconds(event.at).padStart(width)} ${event.from === 'device' ? '>' : '<'} ${does}${comment}`;
}

function writeGiven(given: Given): string {
  switch (given.given) {
    case 'setting':
      return `@given setting ${given.name}=${quoted(given.value)}`;
    case 'command':
      return `@given command ${given.id} ${quoted(given.text)}`;
    case 'option':
      return `@given option ${given.name}`;
    case 'firmware':
      return `@given firmware ${given.name} ${writeHex(given.content)}`;
  }
}

function quoted(text: string): string {
  return /^[\w.,:;+/-]+(?: [\w.,:;+/-]+)*$/.test(text) ? text : `"${writeText(Buffer.from(text, 'utf8'))}"`;
}

function seconds(at: number): string {
  return (at / 1000).toFixed(3);
}
