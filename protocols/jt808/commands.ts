/**
 * Commands as messages of the platform, by their text:
 *
 * | text | message |
 * |---|---|
 * | `control <word> [parameters]` | `8105`: a control word from 0 to 255, such as 4 restart |
 * | `ask` | `8104`: report all parameters |
 * | `locate` | `8201`: report where you are |
 * | `hex <id> [bytes]` | any message: its id in four hex digits, its body in hex |
 * | any other | `8300`: the text itself, for the terminal to act upon or to show |
 */
import { writeGbk } from './gbk.js';
import { MESSAGE } from './ids.js';

/** Longest body of a command in bytes. */
export const MAX_COMMAND_BYTES = 65_535;

/** What is sent for a command. */
export interface Outgoing {
  readonly id: number;
  readonly body: Buffer;
}

/** The message of a command, or what is wrong with its text, for a person. */
export function messageOf(text: string): Outgoing | string {
  const outgoing = read(text);
  if (typeof outgoing !== 'string' && outgoing.body.length > MAX_COMMAND_BYTES)
    return `a command of ${outgoing.body.length} bytes, expected at most ${MAX_COMMAND_BYTES}`;
  return outgoing;
}

function read(text: string): Outgoing | string {
  const [, word, parameters = ''] = /^control (\d{1,3})(?: (.*))?$/s.exec(text) ?? [];
  if (word !== undefined) {
    if (Number(word) > 255) return `the control word ${word}, expected 0 to 255`;
    return { id: MESSAGE.control, body: Buffer.concat([Buffer.of(Number(word)), writeGbk(parameters)]) };
  }
  if (text === 'ask') return { id: MESSAGE.askParameters, body: Buffer.alloc(0) };
  if (text === 'locate') return { id: MESSAGE.askLocation, body: Buffer.alloc(0) };
  const [, id, hex = ''] = /^hex ([0-9a-f]{4})(?: ((?:[0-9a-f]{2})*))?$/i.exec(text) ?? [];
  if (id !== undefined) return { id: Number.parseInt(id, 16), body: Buffer.from(hex, 'hex') };
  return { id: MESSAGE.text, body: Buffer.concat([Buffer.of(URGENT), writeGbk(text)]) };
}

/** The flag of a text: the terminal acts upon it at once. */
const URGENT = 1;
