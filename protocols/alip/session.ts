/**
 * The server's side of one connection: which line means what, identification, and what the gateway wants said. What the
 * lines of each letter bring about is in the file of their subject.
 */
import type { ConnectionFacts, Identified, Session } from '../protocol.js';
import { close, OVERFULL, type Saying, sessionInTurns, type Ways } from '../turns.js';
import { sayCommands, takeCommand } from './commands.js';
import { type Conversation, count, refuse, say, sayWhenDurable } from './conversation.js';
import { isOpen, takeDebugging } from './debugging.js';
import { takeFirmware } from './firmware.js';
import { LineReader } from './lines.js';
import { takeDatedReading, takeJson, takeReading } from './readings.js';
import { saySettings, takeSetting } from './settings.js';
import { Voice } from './voice.js';

/** Characters of what comes back behind `B`. */
export const MAX_BARRIER_LENGTH = 64;

/** The server's side of one new connection. */
export function createSession(facts: ConnectionFacts): Session {
  const conversation: Conversation = {
    facts,
    reader: new LineReader(),
    voice: new Voice(),
    state: 'unidentified',
    deviceId: '',
    file: null,
    whenAnswered: () => {},
    now: facts.openedAt,
    line: '',
    effects: [],
  };
  return sessionInTurns(conversation, ways);
}

const ways: Ways<Conversation, string> = {
  take,
  accepted,
  refused: (conversation) => say(conversation, 'ID 0'),
  carryOut,
  settle(conversation) {
    const { tooLong, overfull } = conversation.reader;
    if (tooLong) {
      conversation.line = '';
      refuse(conversation, 'Line too long !', 'line_too_long');
      close(conversation, 'a line was too long');
    } else if (overfull) {
      count(conversation, 'protocol_error', OVERFULL);
      close(conversation, OVERFULL);
    }
  },
};

/** A line of nothing says nothing: people press enter, and modems end lines twice. */
function take(conversation: Conversation, line: string): void {
  conversation.line = line;
  if (line.length === 0) return;
  const space = line.indexOf(' ');
  const word = space === -1 ? line : line.slice(0, space);
  const rest = space === -1 ? '' : line.slice(space + 1);
  const taker = takers.get(word);
  if (conversation.state === 'unidentified' && !(taker?.open ?? false) && !(word === 'DB' && isOpen(rest)))
    return refuse(conversation, 'You must be identified !', 'unidentified');
  if (!taker)
    return refuse(conversation, `Unknown request: ${word.slice(0, 40)}, expected ${[...takers.keys()].join(' ')}`);
  if (conversation.reader.raw && !taker.raw) return refuse(conversation, 'Invalid line: it is not UTF-8', 'malformed');
  taker.take(conversation, rest);
}

interface Taker {
  readonly take: (conversation: Conversation, rest: string) => void;
  /** Whether a device that is not identified may send it. */
  readonly open: boolean;
  /** Whether it deals with a line that is no UTF-8. */
  readonly raw: boolean;
}

/** What is done with a line, by its first word. */
const takers: ReadonlyMap<string, Taker> = new Map([
  ['ID', { take: takeIdent, open: true, raw: true }],
  ['D', { take: takeReading, open: false, raw: true }],
  ['E', { take: takeDatedReading, open: false, raw: true }],
  ['J', { take: takeJson, open: false, raw: true }],
  ['A', { take: takeBarrier, open: false, raw: false }],
  ['B', { take: takeAliveAnswer, open: true, raw: true }],
  ['T', { take: takeTime, open: true, raw: false }],
  ['S', { take: takeSetting, open: false, raw: false }],
  ['C', { take: takeCommand, open: false, raw: false }],
  ['F', { take: takeFirmware, open: false, raw: false }],
  ['DB', { take: takeDebugging, open: false, raw: false }],
  ['QUIT', { take: takeQuit, open: true, raw: true }],
]);

/** What cannot be an ident is refused as an unknown one is, so that a device needs to understand one answer only. */
function takeIdent(conversation: Conversation, rest: string): void {
  if (conversation.state === 'identified') return refuse(conversation, 'You already identified !');
  if (!IDENT.test(rest)) {
    count(conversation, 'bad_request', 'an ident that is not <kind>:<number>');
    return say(conversation, 'ID 0');
  }
  conversation.state = 'identifying';
  // A copy: a part of a text keeps all of it in memory, and an ident stays as long as its connection.
  conversation.effects.push({ do: 'identify', ident: Buffer.from(rest, 'latin1').toString('latin1') });
}

/** Accepted: `ID 1`, then what waits for the device, then what is not known of it. */
function accepted(conversation: Conversation, identified: Identified): void {
  conversation.deviceId = identified.deviceId;
  say(conversation, 'ID 1');
  saySettings(conversation, identified.pendingSettings);
  sayCommands(conversation, identified.pendingCommands);
  if (!identified.hasSettings) say(conversation, 'S GA');
}

/** `A <n>` comes back as `B <n>` when everything before it is durable. */
function takeBarrier(conversation: Conversation, rest: string): void {
  if (rest.length === 0 || rest.length > MAX_BARRIER_LENGTH)
    return refuse(conversation, `Invalid number: ${rest.slice(0, 40)}, expected A <n>`);
  sayWhenDurable(conversation, `B ${rest}`);
}

/** The answer to our `A <n>`: that bytes came is all there is to know. */
function takeAliveAnswer(): void {}

function takeTime(conversation: Conversation): void {
  say(conversation, `T ${Math.floor(conversation.now / 1_000)}`);
}

/** The farewell waits for what is still to become durable, as the device forgets when it hears it. */
function takeQuit(conversation: Conversation): void {
  sayWhenDurable(conversation, 'QUIT bye !');
  close(conversation, 'the device quit');
}

function carryOut(conversation: Conversation, intent: Saying): void {
  switch (intent.tell) {
    case 'answered':
      if (conversation.state !== 'asking') break;
      conversation.state = 'identified';
      if (intent.answer.to === 'refused') refuse(conversation, intent.answer.why);
      else conversation.whenAnswered(intent.answer);
      break;
    case 'settings':
      saySettings(conversation, intent.settings);
      break;
    case 'commands':
      sayCommands(conversation, intent.commands);
      break;
    case 'askAlive':
      say(conversation, `A ${conversation.voice.nextAlive()}`);
      break;
    case 'closing':
      say(conversation, `QUIT ${intent.why}`);
      break;
  }
}

const IDENT = /^[a-z][0-9a-z]{2,6}:[a-zA-Z0-9]{4,20}$/;
