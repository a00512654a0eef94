/** What a session knows of its conversation, and how its parts add to what comes of it. */
import { type Answer, type ConnectionFacts, MAX_NAME_BYTES, type Oddity, type Question } from '../protocol.js';
import type { Turns } from '../turns.js';
import { type LineReader, lineBytes } from './lines.js';
import type { Voice } from './voice.js';

/** Bytes of a line that are shown in the log. */
const MAX_SHOWN_BYTES = 64;
/** Characters of an answer that says what was wrong. */
const MAX_ERROR_LENGTH = 300;

export interface Conversation extends Turns<string> {
  readonly facts: ConnectionFacts;
  readonly reader: LineReader;
  readonly voice: Voice;
  deviceId: string;
  /** The firmware file that the device selected. */
  file: { readonly name: string; readonly size: number } | null;
  /** What is said once the question at hand is answered. */
  whenAnswered: (answer: Answer) => void;
  /** The line at hand. */
  line: string;
}

/** Sends a line at once. */
export function say(conversation: Conversation, line: string): void {
  conversation.effects.push({ do: 'answer', bytes: lineBytes(line), when: 'now' });
}

/** Sends a line when all before it is durable. */
export function sayWhenDurable(conversation: Conversation, line: string): void {
  conversation.effects.push({ do: 'answer', bytes: lineBytes(line), when: 'durable' });
}

/** Says to the device, and counts, what was wrong with its line. */
export function refuse(conversation: Conversation, why: string, what: Oddity = 'bad_request'): void {
  count(conversation, what, why);
  say(conversation, `ERR ${why.slice(0, MAX_ERROR_LENGTH)}`);
}

/** Counts something odd, with the line it was in. */
export function count(conversation: Conversation, what: Oddity, why: string): void {
  const { line, reader } = conversation;
  const bytes = Buffer.from(line.slice(0, MAX_SHOWN_BYTES), reader.raw ? 'latin1' : 'utf8').subarray(
    0,
    MAX_SHOWN_BYTES,
  );
  conversation.effects.push({ do: 'count', what, why, bytes });
}

/** Asks the gateway; nothing more is read until `then` has said what comes of the answer. */
export function ask(conversation: Conversation, question: Question, then: (answer: Answer) => void): void {
  conversation.state = 'asking';
  conversation.whenAnswered = then;
  conversation.effects.push({ do: 'ask', question });
}

/** What is wrong with the name of a setting or file, for a person, or null. */
export function nameProblem(what: string, name: string): string | null {
  if (name.length === 0) return `Missing ${what}`;
  const bytes = Buffer.byteLength(name);
  return bytes > MAX_NAME_BYTES
    ? `Invalid ${what}: ${name.slice(0, 40)}… of ${bytes} bytes, expected at most ${MAX_NAME_BYTES}`
    : null;
}

/** The first field, and the rest behind the space, or null where there is no second. */
export function cut(text: string): readonly [string, string | null] {
  const space = text.indexOf(' ');
  return space === -1 ? [text, null] : [text.slice(0, space), text.slice(space + 1)];
}
