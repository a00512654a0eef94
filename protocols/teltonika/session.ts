/** The server's side of one connection: the login, then what each packet brings about, then commands. */
import { count, takeEffects } from '../effects.js';
import type { ConnectionFacts, Effect, Identified, Intent, Session } from '../protocol.js';
import { Commands } from './commands.js';
import type { Conversation } from './conversation.js';
import { createDatagramSession } from './datagram-session.js';
import { type Frame, FrameReader } from './frames.js';
import { identOf } from './imei.js';
import { countAnswer, sayNextCommand, takeContent } from './packets.js';

/** The server's side of one new connection. */
export function createSession(facts: ConnectionFacts): Session {
  return facts.transport === 'udp' ? createDatagramSession(facts) : createStreamSession(facts);
}

function createStreamSession(facts: ConnectionFacts): Session {
  const reader = new FrameReader();
  const conversation: Conversation = {
    state: 'unidentified',
    commands: new Commands(),
    clockOffset: 0,
    now: facts.openedAt,
    effects: [],
  };
  const takeFrames = (): Effect[] => {
    while (conversation.state === 'identified' || conversation.state === 'unidentified') {
      const frame = reader.next();
      if (frame === null) break;
      takeFrame(conversation, frame);
    }
    if (conversation.state !== 'closed' && reader.problem !== null) {
      count(conversation, 'protocol_error', reader.problem, reader.rest);
      conversation.state = 'closed';
      conversation.effects.push({ do: 'close', why: reader.problem, scope: 'connection' });
    }
    return takeEffects(conversation);
  };
  return {
    receive(bytes, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      reader.push(bytes);
      return takeFrames();
    },
    tell(intent, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      carryOut(conversation, intent);
      return takeFrames();
    },
  };
}

function takeFrame(conversation: Conversation, frame: Frame): void {
  if (frame.kind === 'login') return takeLogin(conversation, frame.text);
  if (frame.kind === 'keepAlive') return;
  const { content, isWhole } = frame;
  if (!isWhole) return count(conversation, 'malformed', 'a packet whose check sum is wrong, not answered', content);
  if (conversation.state !== 'identified')
    return count(conversation, 'unidentified', 'a packet before the login, dropped', content);
  const records = takeContent(conversation, content);
  if (records !== null) conversation.effects.push({ do: 'answer', bytes: countAnswer(records), when: 'durable' });
  sayNextCommand(conversation);
}

/** It counts as unidentified until it is accepted, so that nothing after a refusal is stored for who spoke before. */
function takeLogin(conversation: Conversation, text: string): void {
  const ident = identOf(text);
  if (ident === null) {
    conversation.state = 'unidentified';
    count(conversation, 'malformed', 'a login that is no IMEI of 15 digits', Buffer.from(text, 'latin1'));
    return say(conversation, false);
  }
  conversation.state = 'identifying';
  conversation.effects.push({ do: 'identify', ident });
}

function accepted(conversation: Conversation, { clockOffset, pendingCommands }: Identified): void {
  conversation.state = 'identified';
  conversation.clockOffset = clockOffset ?? 0;
  conversation.commands.clear();
  say(conversation, true);
  takeCommands(conversation, pendingCommands);
}

/** Says what the gateway wants said, or goes on after an outcome. */
function carryOut(conversation: Conversation, intent: Intent): void {
  switch (intent.tell) {
    case 'identified':
      if (conversation.state === 'identifying') accepted(conversation, intent);
      break;
    case 'refused':
      if (conversation.state !== 'identifying') break;
      conversation.state = 'unidentified';
      say(conversation, false);
      break;
    case 'commands':
      takeCommands(conversation, intent.commands);
      break;
    case 'settings':
    case 'answered':
    case 'askAlive':
    case 'closing':
      // Parameters are set by commands, nothing is asked, and there is no word for the rest.
      break;
  }
}

function takeCommands(conversation: Conversation, commands: Identified['pendingCommands']): void {
  const left = conversation.commands.add(commands);
  if (left > 0) count(conversation, 'malformed', `${left} commands more than can wait on a connection`);
  sayNextCommand(conversation);
}

function say(conversation: Conversation, isAccepted: boolean): void {
  conversation.effects.push({ do: 'answer', bytes: Buffer.of(isAccepted ? 1 : 0), when: 'now' });
}
