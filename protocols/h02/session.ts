/**
 * The server's side of one connection: who speaks, what each text and packet brings about, and what the gateway wants
 * said. Every message names its sender, so the first one identifies it, whichever it is.
 */
import { confirm, count, keepRaw, store } from '../effects.js';
import type { Command, ConnectionFacts, Identified, Session } from '../protocol.js';
import { hexJson, INVALID, rawType } from '../raw.js';
import { breakOff, OVERFULL, sessionInTurns, type Ways } from '../turns.js';
import { commandText, SentCommands } from './commands.js';
import type { Conversation } from './conversation.js';
import { type Frame, FrameReader } from './frames.js';
import { readPacket, senderOf } from './packet.js';
import type { Report } from './report.js';
import { isLocation, readCells, readHeartbeat, readLocation, readText, type Text, textOf } from './text.js';

/** Whose protocol is spoken to devices that do not say one. */
const MAKER = 'HQ';

/** The server's side of one new connection. */
export function createSession(facts: ConnectionFacts): Session {
  const conversation: Conversation = {
    isDatagram: facts.transport === 'udp',
    reader: new FrameReader(),
    sent: new SentCommands(),
    state: 'unidentified',
    id: '',
    maker: MAKER,
    held: null,
    clockOffset: 0,
    packetTime: null,
    now: facts.openedAt,
    effects: [],
  };
  return sessionInTurns(conversation, ways);
}

const ways: Ways<Conversation, Frame> = {
  take: takeFrame,
  accepted,
  // The protocol has no word for it: the device goes unanswered.
  refused(conversation) {
    conversation.held = null;
  },
  // The protocol has words for commands alone.
  carryOut(conversation, intent) {
    if (intent.tell === 'commands' && conversation.state === 'identified') sayCommands(conversation, intent.commands);
  },
  unsent: (conversation, command) => typeof commandText(command, conversation, conversation.now) === 'string',
  settle(conversation) {
    const { reader, isDatagram, state } = conversation;
    if (reader.tooLong) return breakOff(conversation, 'a text has no end');
    if (reader.overfull) return breakOff(conversation, OVERFULL);
    if (!isDatagram || state === 'identifying') return;
    const left = reader.clear();
    if (left > 0) count(conversation, 'malformed', `a datagram that breaks off ${left} bytes before its end`);
  },
};

function takeFrame(conversation: Conversation, frame: Frame): void {
  const { form, raw } = frame;
  if (form === 'noise') return count(conversation, 'malformed', 'bytes that are neither text nor packet', raw);
  if (form === 'tail') return takeTail(conversation, raw);
  const text = form === 'text' ? readText(raw) : null;
  if (form === 'text' && text === null) return takeMalformed(conversation, raw, 'a text of no known form');
  const id = text?.id ?? senderOf(raw);
  if (!ID.test(id)) return takeMalformed(conversation, raw, `Invalid id: ${id.slice(0, 40)}, expected 4 to 20 digits`);
  if (text) conversation.maker = text.maker;
  if (conversation.state === 'identified' && id === conversation.id) return takeMessage(conversation, text, raw);
  conversation.state = 'identifying';
  conversation.id = id;
  // A copy: a part of what the socket read keeps all of it while the outcome is awaited.
  conversation.held = { ...frame, raw: Buffer.from(raw) };
  conversation.effects.push({ do: 'identify', ident: `${id.length === IMEI_DIGITS ? 'imei' : 'h02'}:${id}` });
}

function takeMessage(conversation: Conversation, text: Text | null, raw: Buffer): void {
  if (text === null) {
    const report = readPacket(raw, conversation.clockOffset, conversation.now);
    conversation.packetTime = report.time;
    return takeReport(conversation, report, raw);
  }
  const take = takers.get(text.kind) ?? takeUnknown;
  take(conversation, text, raw);
}

type Taker = (conversation: Conversation, text: Text, raw: Buffer) => void;

/** What is done with a text, by its kind. */
const takers: ReadonlyMap<string, Taker> = new Map<string, Taker>([
  ['V1', takeLocation],
  ['V6', takeLocation],
  ['V4', takeAnswer],
  ['NBR', takeCells],
  ['HTBT', takeHeartbeat],
]);

/** A location: the answer, which few firmwares heed, leaves when it is durable. */
function takeLocation(conversation: Conversation, { kind, fields }: Text, raw: Buffer): void {
  const report = readLocation(fields, conversation.clockOffset, conversation.now);
  if (report === null) takeMalformed(conversation, raw, `a location ${kind} of no known form`);
  else takeReport(conversation, report, raw);
  const now = new Date(conversation.now).toISOString().replace(/\D/g, '').slice(0, 14);
  const bytes = textOf(conversation.maker, conversation.id, 'V4', kind, now);
  conversation.effects.push({ do: 'answer', bytes, when: 'durable' });
}

/** `V4`: a code, what became of the command, and perhaps where the device is. */
function takeAnswer(conversation: Conversation, { fields }: Text, raw: Buffer): void {
  const place = fields.findIndex((_, index) => index > 0 && isLocation(fields.slice(index)));
  const [code = '', ...said] = place === -1 ? fields : fields.slice(0, place);
  const report = place === -1 ? null : readLocation(fields.slice(place), conversation.clockOffset, conversation.now);
  if (report) takeReport(conversation, report, raw);
  const sent = conversation.sent.answered(code, said);
  if (sent === undefined) {
    count(conversation, 'unknown_command', `an answer to ${code.slice(0, 40)}, which was not sent, kept`, raw);
    return keepRaw(conversation, rawType('V4'), raw);
  }
  const response = withoutTime(said, sent.time).join(',');
  confirm(conversation, { kind: 'commandDone', id: sent.id, response: response === '' ? null : response });
}

/** What is said without the time of the command, which some firmwares tell in another time zone, or their own. */
function withoutTime(said: readonly string[], time: string): string[] {
  const others = said.filter((field) => field !== time);
  return others.length === said.length && /^\d{6}$/.test(said.at(-1) ?? '') ? said.slice(0, -1) : others;
}

function takeCells(conversation: Conversation, { fields }: Text, raw: Buffer): void {
  const report = readCells(fields, conversation.clockOffset, conversation.now);
  if (report === null) takeMalformed(conversation, raw, 'cells of no known form');
  else takeReport(conversation, report, raw);
}

/** A heartbeat is answered by itself. */
function takeHeartbeat(conversation: Conversation, { fields }: Text, raw: Buffer): void {
  for (const [type, data] of readHeartbeat(fields)) store(conversation, [{ type, time: null, data, listed: null }]);
  conversation.effects.push({ do: 'answer', bytes: Buffer.from(raw), when: 'now' });
}

function takeUnknown(conversation: Conversation, { kind }: Text, raw: Buffer): void {
  count(conversation, 'unknown_frame', `a text of the unknown kind ${kind}, kept`, raw);
  keepRaw(conversation, rawType(kind), raw);
}

/** What stands behind a packet is not understood, and dated as the packet. */
function takeTail(conversation: Conversation, raw: Buffer): void {
  if (conversation.state !== 'identified') return;
  store(conversation, [{ type: 'raw:tail', time: conversation.packetTime, data: hexJson(raw), listed: null }]);
}

function takeReport(conversation: Conversation, { readings, problems }: Report, raw: Buffer): void {
  store(conversation, readings);
  for (const { what, why } of problems) count(conversation, what, why, raw);
}

/** Kept where it is known whose it is. */
function takeMalformed(conversation: Conversation, raw: Buffer, why: string): void {
  count(conversation, 'malformed', why, raw);
  if (conversation.state === 'identified') keepRaw(conversation, INVALID, raw);
}

/** Accepted: the message that said who it is, then what waits for the device. */
function accepted(conversation: Conversation, identified: Identified): void {
  const { held } = conversation;
  conversation.held = null;
  conversation.packetTime = null;
  conversation.sent.clear();
  conversation.clockOffset = identified.clockOffset ?? 0;
  if (held) takeMessage(conversation, held.form === 'text' ? readText(held.raw) : null, held.raw);
  sayCommands(conversation, identified.pendingCommands);
}

function sayCommands(conversation: Conversation, commands: readonly Command[]): void {
  for (const command of commands) {
    const said = commandText(command, conversation, conversation.now);
    if (typeof said === 'string') {
      count(conversation, 'malformed', `command ${command.id} is ${said}; not sent`);
      continue;
    }
    conversation.sent.remember(said.sent);
    conversation.effects.push({ do: 'answer', bytes: said.bytes, when: 'now' });
  }
}

const ID = /^\d{4,20}$/;
const IMEI_DIGITS = 15;
