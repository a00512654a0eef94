/**
 * The server's side of one connection, in the order of README.md: identification, then what each frame of the device
 * brings about, then what the gateway wants said.
 */
import type { Effect, Identified, Intent, Session } from '../protocol.js';
import { channelNamed, takeArray, takeData, undefinedChannel } from './channels.js';
import { breakOff, type Conversation, count, isName, say, sayCommands, saySettings } from './conversation.js';
import { FRAME, type Frame, FrameReader, hexByte, MAX_UNIDENTIFIED_FRAME } from './frames.js';
import { channelId, identResponse, ping, readDefinition, serverPing } from './messages.js';
import { textOf } from './text.js';
import { Voice } from './voice.js';

/** The server's side of one new connection. */
export function createSession(): Session {
  const conversation: Conversation = {
    reader: new FrameReader('device'),
    voice: new Voice(),
    channels: [],
    state: 'unidentified',
    dropped: false,
    deviceId: null,
    handsOver: () => false,
    effects: [],
  };
  conversation.reader.keepAtMost = MAX_UNIDENTIFIED_FRAME;
  return {
    receive(bytes) {
      if (conversation.state === 'closed') return [];
      conversation.reader.push(bytes);
      return takeFrames(conversation);
    },
    tell(intent, now) {
      if (conversation.state === 'closed') return [];
      carryOut(conversation, intent, now);
      return takeFrames(conversation);
    },
  };
}

/** Takes the frames that are whole, until one has an outcome to wait for, and gives all that came of them. */
function takeFrames(conversation: Conversation): Effect[] {
  const { reader } = conversation;
  while (conversation.state === 'identified' || conversation.state === 'unidentified') {
    const frame = reader.next();
    if (frame === null) break;
    const take = takers[frame.type];
    if (take) take(conversation, frame);
    else count(conversation, 'unknown_frame', `a frame of the unknown type ${hexByte(frame.type)}, skipped`, frame);
  }
  if (conversation.state !== 'closed') {
    if (reader.problem) breakOff(conversation, reader.problem.message, reader.problem.bytes);
    else if (reader.overfull) breakOff(conversation, 'more was sent than can wait for an outcome', new Uint8Array());
  }
  const { effects } = conversation;
  conversation.effects = [];
  return effects;
}

type Taker = (conversation: Conversation, frame: Frame) => void;

/** What is done with a frame, by its type byte. */
const takers: (Taker | undefined)[] = [];
takers[FRAME.ident] = identRequest;
takers[FRAME.ping] = barrier;
takers[FRAME.serverPing] = aliveAnswer;
takers[FRAME.definition] = define;
for (const type of Object.values(FRAME.data)) takers[type] = whenIdentified(takeData);
for (const type of Object.values(FRAME.array)) takers[type] = whenIdentified(takeArray);

/**
 * A device says who it is, for the first time or again. It counts as unidentified until it is accepted, so that what
 * follows a refusal is never stored for the device that spoke before.
 */
function identRequest(conversation: Conversation, frame: Frame): void {
  conversation.state = 'unidentified';
  conversation.reader.keepAtMost = MAX_UNIDENTIFIED_FRAME;
  const ident = textOf(frame.bytes.subarray(frame.content, frame.end));
  if (ident === null || !isName(ident) || UNPRINTABLE.test(ident)) {
    count(conversation, 'malformed', 'an ident that is empty or not printable text', frame);
    say(conversation, identResponse(false));
    return;
  }
  conversation.state = 'identifying';
  conversation.effects.push({ do: 'identify', ident });
}

/** Accepted: `01 01`, then what waits for the device, then what is not known of it. */
function accepted(conversation: Conversation, identified: Identified, now: number): void {
  const { voice } = conversation;
  if (conversation.deviceId !== null && conversation.deviceId !== identified.deviceId) voice.forgetSettings();
  conversation.deviceId = identified.deviceId;
  conversation.handsOver = identified.handsOver;
  for (const channel of conversation.channels) if (channel && !channel.meaning.own) channel.handedOver = null;
  conversation.state = 'identified';
  conversation.dropped = false;
  conversation.reader.keepAtMost = Number.POSITIVE_INFINITY;

  say(conversation, identResponse(true));
  saySettings(conversation, identified.pendingSettings, now);
  sayCommands(conversation, identified.pendingCommands);
  if (!identified.capabilitiesKnown) say(conversation, voice.array('_sta', [utf8('g'), utf8('cap')]));
  if (!identified.hasSettings) say(conversation, voice.array('_set', [utf8('ga')]));
}

/** Refused: `01 00`; the device may try again. */
function refused(conversation: Conversation): void {
  conversation.state = 'unidentified';
  say(conversation, identResponse(false));
}

/**
 * `02 n` comes back when everything before it is durable. What an unidentified device sent is dropped and never will
 * be, so behind it there is no answer until it is identified: the device keeps what it has.
 */
function barrier(conversation: Conversation, frame: Frame): void {
  if (conversation.dropped) return;
  conversation.effects.push({ do: 'answer', bytes: ping(secondByte(frame)), when: 'durable' });
}

/** `03 n`, the answer to ours: that bytes came is all there is to know. */
function aliveAnswer(): void {}

/** A channel gets its name, perhaps in place of another. A name that is no text gives the channel none. */
function define(conversation: Conversation, frame: Frame): void {
  const { id, name } = readDefinition(frame);
  const text = textOf(name);
  if (text !== null && isName(text)) {
    conversation.channels[id] = channelNamed(text);
    return;
  }
  count(conversation, 'malformed', `a channel name that is empty or not UTF-8: data goes to __channel_${id}`, frame);
  conversation.channels[id] = undefinedChannel(id);
}

/** Data and arrays: of a device that is not identified they are dropped, and not even looked at. */
function whenIdentified(take: typeof takeData): Taker {
  return (conversation, frame) => {
    if (conversation.state !== 'identified') {
      conversation.dropped = true;
      count(conversation, 'unidentified', 'data of a device that is not identified, dropped', frame);
      return;
    }
    const id = channelId(frame);
    const channel = conversation.channels[id] ?? undefinedChannel(id);
    conversation.channels[id] = channel;
    take(conversation, channel, frame);
  };
}

/** Says what the gateway wants said, or goes on after an outcome. */
function carryOut(conversation: Conversation, intent: Intent, now: number): void {
  switch (intent.tell) {
    case 'identified':
      if (conversation.state === 'identifying') accepted(conversation, intent, now);
      break;
    case 'refused':
      if (conversation.state === 'identifying') refused(conversation);
      break;
    case 'answered':
      if (conversation.state !== 'asking') break;
      conversation.state = 'identified';
      if ('settings' in intent.answer) saySettings(conversation, intent.answer.settings, now);
      break;
    case 'settings':
      saySettings(conversation, intent.settings, now);
      break;
    case 'commands':
      sayCommands(conversation, intent.commands);
      break;
    case 'askAlive':
      say(conversation, serverPing(conversation.voice.nextPing()));
      break;
    case 'closing':
      // M2MP has no word for it.
      break;
  }
}

function secondByte(frame: Frame): number {
  return frame.bytes[frame.start + 1] ?? 0;
}

function utf8(text: string): Uint8Array {
  return Buffer.from(text);
}

/** Control, format and private characters, and separators of lines and paragraphs. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Co}\p{Zl}\p{Zp}]/u;
