/** `C`: commands, by short numbers of this connection. */
import type { Command } from '../protocol.js';
import { ask, type Conversation, cut, refuse, say } from './conversation.js';

/** `C L`, `C A` */
export function takeCommand(conversation: Conversation, rest: string): void {
  const [kind, behind] = cut(rest);
  switch (kind) {
    case 'L':
      return ask(conversation, { ask: 'pendingCommands' }, (answer) => {
        if ('commands' in answer) sayCommands(conversation, answer.commands);
      });
    case 'A':
      return takeDone(conversation, behind ?? '');
    default:
      refuse(conversation, `Unknown request: C ${kind}, expected C L or C A`);
  }
}

/** Sends commands, a line each. */
export function sayCommands(conversation: Conversation, commands: readonly Command[]): void {
  for (const command of commands) say(conversation, conversation.voice.command(command));
}

function takeDone(conversation: Conversation, text: string): void {
  const [number, response] = cut(text);
  const id = conversation.voice.commandOf(number);
  if (id === undefined)
    return refuse(
      conversation,
      `Unknown command: ${number}, expected the number of one that was sent`,
      'unknown_command',
    );
  conversation.effects.push({ do: 'confirm', what: { kind: 'commandDone', id, response: response || null } });
}
