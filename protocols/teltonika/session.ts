/** The server's side of one connection: the login, then what each packet brings about, then commands. */
import { count } from '../effects.js';
import type { ConnectionFacts, Identified, Session } from '../protocol.js';
import { breakOff, sessionInTurns, type Ways } from '../turns.js';
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
  const conversation: StreamConversation = {
    reader: new FrameReader(),
    state: 'unidentified',
    commands: new Commands(),
    clockOffset: 0,
    now: facts.openedAt,
    effects: [],
  };
  return sessionInTurns(conversation, ways);
}

interface StreamConversation extends Conversation {
  readonly reader: FrameReader;
}

const ways: Ways<StreamConversation, Frame> = {
  take: takeFrame,
  accepted,
  refused: (conversation) => say(conversation, false),
  // Parameters are set by commands, nothing is asked, and there is no word for the rest.
  carryOut(conversation, intent) {
    if (intent.tell === 'commands') takeCommands(conversation, intent.commands);
  },
  unsent: ({ commands }, { id }) => commands.holds(id),
  settle(conversation) {
    const { problem, rest } = conversation.reader;
    if (problem !== null) breakOff(conversation, problem, rest);
  },
};

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
  conversation.clockOffset = clockOffset ?? 0;
  conversation.commands.clear();
  say(conversation, true);
  takeCommands(conversation, pendingCommands);
}

function takeCommands(conversation: Conversation, commands: Identified['pendingCommands']): void {
  const left = conversation.commands.add(commands);
  if (left > 0) count(conversation, 'malformed', `${left} commands more than can wait on a connection`);
  sayNextCommand(conversation);
}

function say(conversation: Conversation, isAccepted: boolean): void {
  conversation.effects.push({ do: 'answer', bytes: Buffer.of(isAccepted ? 1 : 0), when: 'now' });
}
