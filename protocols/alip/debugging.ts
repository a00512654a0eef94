/** `DB`: what a person with a terminal wants to see. */
import { ask, type Conversation, cut, nameProblem, refuse, say } from './conversation.js';

/** Readings shown when no number is given, and at most. */
export const DEFAULT_LAST = 10;
export const MAX_LAST = 1_000;

/** Levels of the log, by their number on the wire. */
const LOG_LEVELS = ['silent', 'fatal', 'error', 'warn', 'info', 'debug', 'trace'];

/** Requests that an unidentified device may make. */
const open: ReadonlyMap<string, (conversation: Conversation) => void> = new Map([
  [
    'SOURCE',
    (conversation: Conversation) =>
      say(conversation, `DB SOURCE ${conversation.facts.source} ${conversation.facts.id}`),
  ],
  [
    'CONNECTED',
    (conversation: Conversation) => {
      const seconds = Math.max(0, Math.floor((conversation.now - conversation.facts.openedAt) / 1_000));
      say(conversation, `DB CONNECTED ${seconds}`);
    },
  ],
  ['VERSION', (conversation: Conversation) => say(conversation, `DB VERSION ${conversation.facts.version}`)],
]);

/** Whether the request may be made by a device that is not identified. */
export function isOpen(rest: string): boolean {
  return open.has(rest);
}

/** `DB ID`, `SOURCE`, `CONNECTED`, `VERSION`, `LAST`, `LOGLEVEL`, `SET_SETTING`, `ADD_COMMAND` */
export function takeDebugging(conversation: Conversation, rest: string): void {
  const [kind, behind] = cut(rest);
  const take = open.get(rest);
  if (take) return take(conversation);
  switch (kind) {
    case 'ID':
      return say(conversation, `DB ID ${conversation.deviceId}`);
    case 'LAST':
      return last(conversation, behind);
    case 'LOGLEVEL':
      return logLevel(conversation, behind);
    case 'SET_SETTING':
      return allowed(conversation) ? setSetting(conversation, behind ?? '') : undefined;
    case 'ADD_COMMAND':
      return allowed(conversation) ? addCommand(conversation, behind ?? '') : undefined;
    default:
      refuse(
        conversation,
        `Unknown request: DB ${kind}, expected DB ID, SOURCE, CONNECTED, VERSION, LAST, LOGLEVEL, SET_SETTING or ADD_COMMAND`,
      );
  }
}

/** `<time>` is ISO 8601, as a person reads it. */
function last(conversation: Conversation, text: string | null): void {
  const count = text === null ? DEFAULT_LAST : NUMBER.test(text) ? Number(text) : 0;
  if (count < 1 || count > MAX_LAST)
    return refuse(conversation, `Invalid number: ${text}, expected DB LAST [1 to ${MAX_LAST}]`);
  ask(conversation, { ask: 'lastReadings', count }, (answer) => {
    if (answer.to !== 'lastReadings') return;
    say(conversation, 'BEGIN LAST');
    for (const { time, type, data } of answer.readings)
      say(conversation, `${new Date(time).toISOString()}, ${type}, ${data}`);
    say(conversation, 'END');
  });
}

function logLevel(conversation: Conversation, text: string | null): void {
  const level = text === null ? null : NUMBER.test(text) ? LOG_LEVELS[Number(text)] : undefined;
  if (level === undefined)
    return refuse(
      conversation,
      `Invalid log level: ${text}, expected ${LOG_LEVELS.map((name, n) => `${n} (${name})`).join(', ')}`,
    );
  ask(conversation, { ask: 'logLevel', level }, (answer) => {
    if (answer.to === 'logLevel') say(conversation, `DB LOGLEVEL ${LOG_LEVELS.indexOf(answer.level)}`);
  });
}

function setSetting(conversation: Conversation, text: string): void {
  const [name, value] = cut(text);
  const problem =
    value === null ? 'Missing value, expected DB SET_SETTING <name> <value>' : nameProblem('setting', name);
  if (problem !== null || value === null) return refuse(conversation, problem ?? '');
  ask(conversation, { ask: 'setSetting', name, value }, (answer) => {
    if (answer.to === 'setSetting') say(conversation, 'DB SET_SETTING OK');
  });
}

function addCommand(conversation: Conversation, text: string): void {
  if (text.length === 0) return refuse(conversation, 'Missing text, expected DB ADD_COMMAND <text>');
  ask(conversation, { ask: 'addCommand', text }, (answer) => {
    if (answer.to === 'addCommand') say(conversation, 'DB ADD_COMMAND OK');
  });
}

/** Requests that change something are for test benches only. */
function allowed(conversation: Conversation): boolean {
  if (conversation.facts.debug) return true;
  refuse(conversation, 'Debugging is off: the gateway takes this only when started with --debug');
  return false;
}

const NUMBER = /^\d{1,4}$/;
