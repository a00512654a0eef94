/** What a packet brings about, and which answer it gets. */
import { confirm, count, store } from '../effects.js';
import type { NewReading } from '../protocol.js';
import type { Conversation } from './conversation.js';
import { packet } from './frames.js';
import { readingsOf } from './readings.js';
import { holdsRecords, readRecords } from './records.js';
import { holdsText, readText, TEXT, textContent } from './texts.js';

/** What is answered to a refused command, as its response. */
export const REFUSED = 'refused by the device: it has another IMEI';

/**
 * Takes the content of a packet whose check sum is right. Gives the number of records that the device may forget when
 * they are durable, or null: the packet gets no answer.
 */
export function takeContent(conversation: Conversation, content: Buffer): number | null {
  const codec = content[0] ?? 0;
  if (holdsRecords(codec)) return takeRecords(conversation, content);
  if (holdsText(codec)) takeText(conversation, content);
  else
    count(conversation, 'unknown_frame', `a packet of the unknown codec ${codec.toString(16)}, not answered`, content);
  return null;
}

/** The count that answers a packet, or an alarm. */
export function countAnswer(records: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(records);
  return bytes;
}

/** Sends the command that waits first, if none is out. */
export function sayNextCommand(conversation: Conversation): void {
  const command = conversation.commands.next(conversation.now);
  if (command === null) return;
  const bytes = packet(textContent(TEXT.command, command.text));
  conversation.effects.push({ do: 'answer', bytes, when: 'now' });
}

/** All records or none: the device is told of the packet as a whole. */
function takeRecords(conversation: Conversation, content: Buffer): number | null {
  const records = readRecords(content);
  if ('misfit' in records) {
    count(conversation, 'malformed', `${records.misfit}, not answered`, content);
    return null;
  }
  for (const record of records) {
    const { readings, odd } = readingsOf(record, conversation.clockOffset, conversation.now);
    store(conversation, readings);
    for (const { what, why } of odd) count(conversation, what, why, record.bytes);
  }
  return records.length;
}

function takeText(conversation: Conversation, content: Buffer): void {
  const message = readText(content);
  if ('misfit' in message) return count(conversation, 'malformed', message.misfit, content);
  const { type, text, time } = message;
  if (type !== TEXT.answer && type !== TEXT.refused) {
    count(conversation, 'unknown_frame', `a text of the unknown type ${type.toString(16)}, kept`, content);
    return store(conversation, [textReading(text, null)]);
  }
  if (time !== null) return store(conversation, [textReading(text, time)]);
  const id = conversation.commands.answered();
  if (id === null) {
    count(conversation, 'unknown_command', 'an answer although no command is out, kept', content);
    store(conversation, [textReading(text, null)]);
  } else confirm(conversation, { kind: 'commandDone', id, response: type === TEXT.refused ? REFUSED : text || null });
  sayNextCommand(conversation);
}

function textReading(text: string, time: number | null): NewReading {
  return { type: 'sen:text', time, data: JSON.stringify(text), listed: null };
}
