/** `0200` and `0704`: locations, alone and kept. They are answered when they are durable. */
import { count, keepRaw, store } from '../effects.js';
import { answer, type Conversation } from './conversation.js';
import { RESULT } from './ids.js';
import { readRecord } from './location.js';
import type { Message } from './messages.js';

/** Kinds of a batch. */
const BLIND_AREA = 1;

/** One location. */
export function takeLocation(conversation: Conversation, message: Message): void {
  const understood = takeRecord(conversation, message.body, false);
  answer(conversation, message, understood ? RESULT.ok : RESULT.wrong, 'durable');
}

/** `count:u16`, `kind:u8`, then records, each behind its length. What breaks off is kept as it came. */
export function takeBatch(conversation: Conversation, message: Message): void {
  const { body } = message;
  const records = readBatch(body);
  if (records === null) {
    count(conversation, 'malformed', 'a batch whose records do not end where it does, kept', body);
    keepRaw(conversation, '_invalid', body);
    return answer(conversation, message, RESULT.wrong, 'durable');
  }
  for (const record of records) takeRecord(conversation, record, body[2] === BLIND_AREA);
  answer(conversation, message, RESULT.ok, 'durable');
}

/** The records of a batch, or null: they are not as many as it says, or do not end where it does. */
export function readBatch(body: Buffer): Buffer[] | null {
  if (body.length < 3) return null;
  const records: Buffer[] = [];
  let at = 3;
  while (at + 2 <= body.length) {
    const length = body.readUInt16BE(at);
    if (length > body.length - at - 2) return null;
    records.push(body.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return at === body.length && records.length === body.readUInt16BE(0) ? records : null;
}

/** Stores what a record says; false: it says nothing that is understood, and is kept as it came. */
export function takeRecord(conversation: Conversation, body: Buffer, buffered: boolean): boolean {
  const { clockOffset, now, switches } = conversation;
  const record = readRecord(body, { clockOffset, now, buffered, before: switches });
  if (record === null) {
    count(conversation, 'malformed', `a location of ${body.length} bytes, kept`, body);
    keepRaw(conversation, '_invalid', body);
    return false;
  }
  conversation.switches = record.switches;
  store(conversation, record.readings);
  for (const { what, why } of record.problems) count(conversation, what, why, body);
  return true;
}
