/**
 * The server's side of one connection: who speaks, what each message of the terminal brings about, and what the gateway
 * wants said. Every message names its sender, so the first one identifies it, whichever it is.
 */
import { count, keepRaw } from '../effects.js';
import type { ConnectionFacts, Identified, Session } from '../protocol.js';
import { SentMessages, SentSettings } from '../sent.js';
import { breakOff, OVERFULL, type Saying, sessionInTurns, type Ways } from '../turns.js';
import { messageOf } from './commands.js';
import { answer, type Conversation, say } from './conversation.js';
import { type Frame, FrameReader, readContent } from './frames.js';
import { idText, MESSAGE, REGISTRATION, RESULT } from './ids.js';
import { type Message, phoneOf, readMessage, type Terminal, terminalOf, words } from './messages.js';
import { sayCommands, saySettings, takeAnswer, takeLocationAskedFor, takeParameters } from './outgoing.js';
import { Parts } from './parts.js';
import { takeBatch, takeLocation } from './records.js';
import { takeAttributes, takeAuthentication, takeRegistration, takeTimeRequest } from './terminal.js';

/** The device's clock is that of Beijing, by the standard: minutes ahead of UTC, where nobody says another. */
export const CLOCK_OFFSET = 8 * 60;

/** The server's side of one new connection. */
export function createSession(facts: ConnectionFacts): Session {
  const conversation: Conversation = {
    reader: new FrameReader(),
    parts: new Parts(),
    sent: new SentMessages(),
    sentSettings: new SentSettings(),
    state: 'unidentified',
    phone: '',
    terminal: terminalOf('0', null),
    held: null,
    clockOffset: CLOCK_OFFSET,
    switches: 0,
    serial: 0,
    now: facts.openedAt,
    effects: [],
  };
  return sessionInTurns(conversation, ways);
}

const ways: Ways<Conversation, Frame> = {
  take: takeFrame,
  accepted,
  refused,
  carryOut,
  unsent: (_, { text }) => typeof messageOf(text) === 'string',
  settle(conversation) {
    const { tooLong, overfull } = conversation.reader;
    if (tooLong) breakOff(conversation, 'a frame was too long');
    else if (overfull) breakOff(conversation, OVERFULL);
  },
};

/** A frame whose check byte is wrong is not answered: who sent it, and under which number, is not known. */
function takeFrame(conversation: Conversation, { raw }: Frame): void {
  const content = readContent(raw);
  if (typeof content === 'string') return count(conversation, 'malformed', content, raw);
  const message = readMessage(content);
  if (message === null) return count(conversation, 'malformed', 'a message shorter than its header', raw);
  hears(conversation, message.terminal);
  if (message.encrypted) return refuse(conversation, message, 'an encrypted message, refused', raw);
  if (message.problem !== null) return refuse(conversation, message, message.problem, raw);
  const phone = phoneOf(message.terminal);
  if ('problem' in phone) return refuse(conversation, message, phone.problem, raw);
  const whole = conversation.parts.take(message, conversation.now, (why) => count(conversation, 'malformed', why));
  if (typeof whole === 'string') return refuse(conversation, message, whole, raw);
  if (whole === null) return;
  if (conversation.state === 'identified' && phone.digits === conversation.phone)
    return takeMessage(conversation, whole);
  conversation.state = 'identifying';
  conversation.phone = phone.digits;
  // A copy: a part of what the socket read keeps all of it while the outcome is awaited.
  conversation.held = { ...whole, body: Buffer.from(whole.body) };
  conversation.effects.push({ do: 'identify', ident: `jt808:${phone.digits}` });
}

/** The terminal is answered as it speaks. A copy: a part of what the socket read keeps all of it. */
function hears(conversation: Conversation, { phone, version }: Terminal): void {
  const { terminal } = conversation;
  if (terminal.version !== version || !terminal.phone.equals(phone))
    conversation.terminal = { phone: Buffer.from(phone), version };
}

type Taker = (conversation: Conversation, message: Message) => void;

/** What is done with a message, by its id. */
const takers: ReadonlyMap<number, Taker> = new Map<number, Taker>([
  [MESSAGE.register, takeRegistration],
  [MESSAGE.authenticate, takeAuthentication],
  [MESSAGE.heartbeat, takeHeartbeat],
  [MESSAGE.location, takeLocation],
  [MESSAGE.batch, takeBatch],
  [MESSAGE.attributes, takeAttributes],
  [MESSAGE.time, takeTimeRequest],
  [MESSAGE.answer, takeAnswer],
  [MESSAGE.parameters, takeParameters],
  [MESSAGE.askedLocation, takeLocationAskedFor],
  [MESSAGE.logOut, takeHeartbeat],
]);

function takeMessage(conversation: Conversation, message: Message): void {
  const take = takers.get(message.id);
  if (take) return take(conversation, message);
  const id = idText(message.id);
  count(conversation, 'unknown_frame', `a message of the unknown id ${id}, kept`, message.body);
  keepRaw(conversation, `raw:${id}`, message.body);
  answer(conversation, message, RESULT.notSupported, 'durable');
}

/** Heartbeat and log-out: that they came is all there is to know. */
function takeHeartbeat(conversation: Conversation, message: Message): void {
  answer(conversation, message, RESULT.ok);
}

/** Refuses a message that cannot be one; of a device that is identified its bytes are kept. */
function refuse(conversation: Conversation, message: Message, why: string, raw: Buffer): void {
  count(conversation, 'malformed', why, raw);
  if (conversation.state === 'identified') keepRaw(conversation, '_invalid', raw);
  answer(conversation, message, RESULT.wrong, 'durable');
}

/** Accepted: the message that said who it is, then what waits for the device, then what is not known of it. */
function accepted(conversation: Conversation, identified: Identified): void {
  const { held } = conversation;
  conversation.held = null;
  conversation.switches = 0;
  conversation.clockOffset = identified.clockOffset ?? CLOCK_OFFSET;
  conversation.sent.clear();
  conversation.sentSettings.clear();
  if (held) takeMessage(conversation, held);
  saySettings(conversation, identified.pendingSettings);
  sayCommands(conversation, identified.pendingCommands);
  if (identified.hasSettings) return;
  const serial = say(conversation, MESSAGE.askParameters, Buffer.alloc(0));
  conversation.sent.remember(serial, { what: 'question', id: MESSAGE.askParameters });
}

/** Refused: a registration has an answer of its own for it. The device may try again. */
function refused(conversation: Conversation): void {
  const { held } = conversation;
  conversation.held = null;
  if (held === null) return;
  if (held.id !== MESSAGE.register) return answer(conversation, held, RESULT.wrong);
  const result = Buffer.of(REGISTRATION.noSuchTerminal);
  for (const serial of held.serials) say(conversation, MESSAGE.registered, Buffer.concat([words(serial), result]));
}

function carryOut(conversation: Conversation, intent: Saying): void {
  switch (intent.tell) {
    case 'settings':
      saySettings(conversation, intent.settings);
      break;
    case 'commands':
      sayCommands(conversation, intent.commands);
      break;
    case 'askAlive':
      conversation.sent.remember(say(conversation, MESSAGE.askLocation, Buffer.alloc(0)), {
        what: 'question',
        id: MESSAGE.askLocation,
      });
      break;
    case 'answered':
    case 'closing':
      // Nothing is asked, and there is no word for the end.
      break;
  }
}
