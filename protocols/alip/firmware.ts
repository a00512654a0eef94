/** `F`: firmware files, by name, in pieces. */
import { ask, type Conversation, cut, nameProblem, refuse, say } from './conversation.js';

/** Longest piece in bytes; it goes as hex, twice as long. */
export const MAX_PIECE_BYTES = 65_536;

/** `F N`, `F S`, `F G` */
export function takeFirmware(conversation: Conversation, rest: string): void {
  const [kind, behind] = cut(rest);
  switch (kind) {
    case 'N':
      return select(conversation, behind ?? '');
    case 'S':
      return size(conversation);
    case 'G':
      return piece(conversation, behind ?? '');
    default:
      refuse(conversation, `Unknown request: F ${kind}, expected F N, F S or F G`);
  }
}

function select(conversation: Conversation, name: string): void {
  const problem = nameProblem('file name', name);
  if (problem !== null) return refuse(conversation, problem);
  ask(conversation, { ask: 'file', name }, (answer) => {
    if (answer.to !== 'file') return;
    conversation.file = answer.size === null ? null : { name, size: answer.size };
    say(conversation, `F N ${conversation.file ? 1 : 0}`);
  });
}

function size(conversation: Conversation): void {
  if (conversation.file) say(conversation, `F S ${conversation.file.size}`);
  else refuse(conversation, NOTHING_SELECTED);
}

function piece(conversation: Conversation, text: string): void {
  const { file } = conversation;
  if (!file) return refuse(conversation, NOTHING_SELECTED);
  const numbers = NUMBERS.exec(text);
  const [offset, size] = [Number(numbers?.[1]), Number(numbers?.[2])];
  if (!(offset >= 0 && size > 0 && size <= MAX_PIECE_BYTES))
    return refuse(conversation, `Invalid piece: ${text}, expected F G <offset> <size from 1 to ${MAX_PIECE_BYTES}>`);
  if (offset >= file.size) return refuse(conversation, `Invalid offset: ${offset}, the file ends at ${file.size}`);
  ask(conversation, { ask: 'piece', name: file.name, offset, size }, (answer) => {
    if (answer.to === 'piece') say(conversation, `F G ${offset} ${Buffer.from(answer.bytes).toString('hex')}`);
  });
}

const NOTHING_SELECTED = 'No file selected, expected F N <name> before';
const NUMBERS = /^(\d{1,15}) (\d{1,15})$/;
