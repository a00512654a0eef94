/** Commands for the device, and the texts that answer them: the flag of a command comes back in its answer. */
import { confirm, count, keepRaw } from '../effects.js';
import type { Command } from '../protocol.js';
import { INVALID } from '../raw.js';
import { type Conversation, say } from './conversation.js';
import type { Packet } from './frames.js';
import { numberText, PROTOCOL } from './numbers.js';
import { commandContent, readEncodedText, readText } from './texts.js';

/** Sends commands, a packet each. */
export function sayCommands(conversation: Conversation, commands: readonly Command[]): void {
  for (const { id, text } of commands) {
    const flag = flagOf(id);
    const content = commandContent(flag, text);
    if (typeof content === 'string') {
      count(conversation, 'malformed', `command ${id} is ${content}; not sent`);
      continue;
    }
    say(conversation, PROTOCOL.command, content);
    conversation.sent.remember(flag, id);
  }
}

/**
 * The flag of a command: the last 32 bits of its UUID, which are random. So it is the same on each connection, and an
 * answer that comes late ends no other command.
 */
export function flagOf(id: string): number {
  return Number.parseInt(id.slice(-8), 16) >>> 0;
}

/** `15` and `21`: the answer to a command. */
export function takeText(conversation: Conversation, { protocol, content }: Packet): void {
  const answer = protocol === PROTOCOL.text ? readText(content) : readEncodedText(content);
  if (answer === null) {
    count(conversation, 'malformed', `a text ${numberText(protocol)} of ${content.length} bytes, kept`, content);
    return keepRaw(conversation, INVALID, content);
  }
  const id = conversation.sent.answered(answer.flag);
  if (id === undefined) {
    count(conversation, 'unknown_command', `an answer to the flag ${answer.flag}, which was not sent, kept`, content);
    return keepRaw(conversation, `raw:${numberText(protocol)}`, content);
  }
  confirm(conversation, { kind: 'commandDone', id, response: answer.text === '' ? null : answer.text });
}
