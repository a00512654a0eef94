/**
 * A session in turns, as most protocols have them: bytes or an intent come, the frames that are whole are taken, until
 * one has an outcome to wait for, and all that came of them is given.
 */
import { count, type Outcome, takeEffects } from './effects.js';
import type { Command, Effect, Identified, Intent, Session } from './protocol.js';

/** What every conversation in turns knows, `Frame` being what its reader gives. */
export interface Turns<Frame> extends Outcome {
  readonly reader: Reader<Frame>;
  /** `identifying` and `asking` wait to be told an outcome, and nothing more is read meanwhile. */
  state: 'unidentified' | 'identifying' | 'identified' | 'asking' | 'closed';
  /** UNIX ms. */
  now: number;
}

export interface Reader<Frame> {
  push(bytes: Uint8Array): void;
  /** The next frame, or null: it has not come yet. */
  next(): Frame | null;
}

/** What a protocol does in a turn; one for all of its sessions. */
export interface Ways<Conversation, Frame> {
  readonly take: (conversation: Conversation, frame: Frame) => void;
  /** The device is known, and counts as identified already. */
  readonly accepted: (conversation: Conversation, identified: Identified) => void;
  /** The device is not known, and counts as unidentified already: it may try again. */
  readonly refused: (conversation: Conversation) => void;
  /** Says what the gateway wants said, or goes on after the answer to a question. */
  readonly carryOut: (conversation: Conversation, intent: Saying) => void;
  /** No frame can be taken now: ends the connection where none ever will be. */
  readonly settle: (conversation: Conversation) => void;
  /** As of the session; without it every command leaves when it is told. */
  readonly unsent?: (conversation: Conversation, command: Command) => boolean;
}

/** What is told beside the outcome of an identification. */
export type Saying = Exclude<Intent, { readonly tell: 'identified' | 'refused' }>;

/** The session that a conversation is led by. */
export function sessionInTurns<Conversation extends Turns<Frame>, Frame>(
  conversation: Conversation,
  ways: Ways<Conversation, Frame>,
): Session {
  const { unsent } = ways;
  return {
    ...(unsent && { unsent: (command: Command) => unsent(conversation, command) }),
    receive(bytes, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      conversation.reader.push(bytes);
      return takeFrames(conversation, ways);
    },
    tell(intent, now) {
      if (conversation.state === 'closed') return [];
      conversation.now = now;
      if (intent.tell !== 'identified' && intent.tell !== 'refused') ways.carryOut(conversation, intent);
      else if (conversation.state === 'identifying') conclude(conversation, ways, intent);
      return takeFrames(conversation, ways);
    },
  };
}

/** Ends the connection; nothing more is read. */
export function close(conversation: Turns<unknown>, why: string): void {
  conversation.state = 'closed';
  conversation.effects.push({ do: 'close', why, scope: 'connection' });
}

/** Ends the connection, and counts that its bytes broke the framing. */
export function breakOff(conversation: Turns<unknown>, why: string, bytes?: Buffer): void {
  count(conversation, 'protocol_error', why, bytes);
  close(conversation, why);
}

/** Why a connection ends on which more came than may wait. */
export const OVERFULL = 'more was sent than can wait for an outcome';

function takeFrames<Conversation extends Turns<Frame>, Frame>(
  conversation: Conversation,
  ways: Ways<Conversation, Frame>,
): Effect[] {
  const { reader } = conversation;
  while (conversation.state === 'identified' || conversation.state === 'unidentified') {
    const frame = reader.next();
    if (frame === null) break;
    ways.take(conversation, frame);
  }
  if (conversation.state !== 'closed') ways.settle(conversation);
  return takeEffects(conversation);
}

function conclude<Conversation extends Turns<Frame>, Frame>(
  conversation: Conversation,
  { accepted, refused }: Ways<Conversation, Frame>,
  outcome: Exclude<Intent, Saying>,
): void {
  if (outcome.tell === 'identified') {
    conversation.state = 'identified';
    accepted(conversation, outcome);
  } else {
    conversation.state = 'unidentified';
    refused(conversation);
  }
}
