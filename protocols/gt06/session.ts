/**
 * The server's side of one connection: login, what each packet of the device brings about, and what the gateway wants
 * said. Only the login says who the device is.
 */
import { confirm, count, keepRaw, store } from '../effects.js';
import type { ConnectionFacts, Identified, Session } from '../protocol.js';
import { INVALID, rawType } from '../raw.js';
import { SentMessages } from '../sent.js';
import { breakOff, OVERFULL, sessionInTurns, type Ways } from '../turns.js';
import { flagOf, sayCommands, takeText } from './commands.js';
import { answer, type Conversation } from './conversation.js';
import { type Frame, FrameReader, type Packet } from './frames.js';
import { readInformation } from './information.js';
import { readRecord } from './location.js';
import { ALARMS, LOCATIONS, numberText, PROTOCOL } from './numbers.js';
import { alarmReadings, LEAST_STATE_BYTES, readState } from './state.js';
import { commandContent, readLogin } from './texts.js';

/** The server's side of one new connection. */
export function createSession(facts: ConnectionFacts): Session {
  const conversation: Conversation = {
    reader: new FrameReader(),
    sent: new SentMessages(),
    state: 'unidentified',
    login: null,
    clockOffset: 0,
    serial: 0,
    now: facts.openedAt,
    effects: [],
  };
  return sessionInTurns(conversation, ways);
}

const ways: Ways<Conversation, Frame> = {
  take: takeFrame,
  accepted,
  // No answer: the device connects anew.
  refused() {},
  // The protocol has words for commands alone.
  carryOut(conversation, intent) {
    if (intent.tell === 'commands' && conversation.state === 'identified') sayCommands(conversation, intent.commands);
  },
  unsent: (_, { id, text }) => typeof commandContent(flagOf(id), text) === 'string',
  settle(conversation) {
    const { tooLong, overfull } = conversation.reader;
    if (tooLong) breakOff(conversation, 'a frame was too long');
    else if (overfull) breakOff(conversation, OVERFULL);
  },
};

/** What is no frame, or has a wrong check, is not answered: what it was is not known. */
function takeFrame(conversation: Conversation, { raw, packet }: Frame): void {
  if (typeof packet === 'string') return count(conversation, 'malformed', packet, raw);
  const { protocol } = packet;
  if (protocol === PROTOCOL.login) return takeLogin(conversation, packet);
  if (conversation.state !== 'identified') {
    const why = `a packet ${numberText(protocol)} of a device that has not logged in, dropped`;
    return count(conversation, 'unidentified', why, raw);
  }
  if (LOCATIONS.has(protocol) || ALARMS.has(protocol)) return takeLocation(conversation, packet);
  const take = takers.get(protocol) ?? takeUnknown;
  take(conversation, packet);
}

type Taker = (conversation: Conversation, packet: Packet) => void;

/** What is done with a packet that is no location, by its protocol number. */
const takers: ReadonlyMap<number, Taker> = new Map<number, Taker>([
  [PROTOCOL.heartbeat, takeHeartbeat],
  [PROTOCOL.extendedHeartbeat, takeHeartbeat],
  [PROTOCOL.text, takeText],
  [PROTOCOL.encodedText, takeText],
  [PROTOCOL.time, takeTimeRequest],
  [PROTOCOL.information, takeInformation],
]);

/** A login that is none gets no answer: the device connects anew. */
function takeLogin(conversation: Conversation, { content, serial }: Packet): void {
  conversation.state = 'unidentified';
  const says = readLogin(content);
  if (typeof says === 'string') return count(conversation, 'malformed', says, content);
  conversation.state = 'identifying';
  conversation.login = { says, serial };
  conversation.effects.push({ do: 'identify', ident: `imei:${says.imei}` });
}

/** Locations and alarms: the answer, which the device heeds where it is configured to, leaves when they are durable. */
function takeLocation(conversation: Conversation, packet: Packet): void {
  const { protocol, content } = packet;
  const record = readRecord(protocol, content, conversation.clockOffset, conversation.now);
  if (record === null) return takeMalformed(conversation, packet, 'a location');
  store(conversation, record.readings);
  for (const { what, why } of record.problems) count(conversation, what, why, content);
  answer(conversation, packet, 'durable');
}

function takeHeartbeat(conversation: Conversation, packet: Packet): void {
  const { content } = packet;
  if (content.length < LEAST_STATE_BYTES) return takeMalformed(conversation, packet, 'a heartbeat');
  const state = readState(content);
  for (const [type, data] of [...state.values, ...alarmReadings({ ...state, alarm: 0 })])
    store(conversation, [{ type, time: null, data, listed: null }]);
  answer(conversation, packet, 'now');
}

/** The answer is the time in UTC, as six bytes. */
function takeTimeRequest(conversation: Conversation, packet: Packet): void {
  const date = new Date(conversation.now);
  const day = [date.getUTCFullYear() % 100, date.getUTCMonth() + 1, date.getUTCDate()];
  const bytes = Buffer.of(...day, date.getUTCHours(), date.getUTCMinutes(), date.getUTCSeconds());
  answer(conversation, packet, 'now', bytes);
}

function takeInformation(conversation: Conversation, packet: Packet): void {
  const { content } = packet;
  const information = readInformation(content);
  if (information === null) {
    count(conversation, 'unknown_frame', `an information of the unknown kind ${content[0] ?? '?'}, kept`, content);
    return keepRaw(conversation, rawType(numberText(packet.protocol)), content);
  }
  for (const [type, data] of information.values) store(conversation, [{ type, time: null, data, listed: null }]);
  for (const [name, value] of information.status) confirm(conversation, { kind: 'status', name, value });
}

function takeUnknown(conversation: Conversation, packet: Packet): void {
  const number = numberText(packet.protocol);
  count(conversation, 'unknown_frame', `a packet of the unknown number ${number}, kept`, packet.content);
  keepRaw(conversation, rawType(number), packet.content);
  answer(conversation, packet, 'durable');
}

/** Too short for its kind: kept, and answered, as it would be the same when it is sent again. */
function takeMalformed(conversation: Conversation, packet: Packet, what: string): void {
  const { content } = packet;
  count(conversation, 'malformed', `${what} of ${content.length} bytes, too short, kept`, content);
  keepRaw(conversation, INVALID, content);
  answer(conversation, packet, 'durable');
}

/** Accepted: the answer to the login, then what waits for the device. Its clock is as it was told, or as it says. */
function accepted(conversation: Conversation, identified: Identified): void {
  const { login } = conversation;
  conversation.login = null;
  conversation.sent.clear();
  conversation.clockOffset = identified.clockOffset ?? login?.says.clockOffset ?? 0;
  if (login) answer(conversation, { protocol: PROTOCOL.login, serial: login.serial }, 'now');
  sayCommands(conversation, identified.pendingCommands);
}
