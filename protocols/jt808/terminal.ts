/** Registration, authentication, attributes and the time: what a terminal says of itself and asks. */
import { confirm, count, keepRaw } from '../effects.js';
import { type Facts, readAttributes, readAuthentication, readRegistration, timeBody } from './bodies.js';
import { answer, type Conversation, say } from './conversation.js';
import { MESSAGE, REGISTRATION, RESULT } from './ids.js';
import type { Message } from './messages.js';
import { words } from './messages.js';

/** Who is known is decided by the phone number; the code is that number, and any is taken. */
export function takeRegistration(conversation: Conversation, message: Message): void {
  const facts = readRegistration(message.body, message.terminal.version !== null);
  if (facts === null) return refuse(conversation, message, 'a registration');
  report(conversation, facts);
  const code = Buffer.concat([Buffer.of(REGISTRATION.ok), Buffer.from(conversation.phone)]);
  for (const serial of message.serials) say(conversation, MESSAGE.registered, Buffer.concat([words(serial), code]));
}

export function takeAuthentication(conversation: Conversation, message: Message): void {
  const facts = readAuthentication(message.body, message.terminal.version !== null);
  if (facts === null) return refuse(conversation, message, 'an authentication');
  report(conversation, facts);
  answer(conversation, message, RESULT.ok);
}

export function takeAttributes(conversation: Conversation, message: Message): void {
  const facts = readAttributes(message.body, message.terminal.version !== null);
  if (facts === null) return refuse(conversation, message, 'attributes');
  report(conversation, facts);
  answer(conversation, message, RESULT.ok);
}

/** The time as the device's clock should show it. */
export function takeTimeRequest(conversation: Conversation): void {
  say(conversation, MESSAGE.timeIs, timeBody(conversation.now + conversation.clockOffset * 60_000));
}

function report(conversation: Conversation, facts: Facts): void {
  for (const [name, value] of facts) confirm(conversation, { kind: 'status', name, value });
}

function refuse(conversation: Conversation, message: Message, what: string): void {
  const { body } = message;
  count(conversation, 'malformed', `${what} of ${body.length} bytes, too short, kept`, body);
  keepRaw(conversation, '_invalid', body);
  answer(conversation, message, RESULT.wrong, 'durable');
}
