/** Settings and commands for the terminal, and its answers to them: each names the serial number of our message. */
import { confirm, count, keepRaw } from '../effects.js';
import type { Command, Setting } from '../protocol.js';
import { messageOf } from './commands.js';
import { type Conversation, type Sent, say } from './conversation.js';
import { idText, MESSAGE, RESULT, resultText } from './ids.js';
import type { Message } from './messages.js';
import { parameterOf, parametersBody, readParameters, settingOf } from './parameters.js';
import { takeRecord } from './records.js';

/** Sends the settings that were not sent lately, each in a message of its own, so that each has an answer of its own. */
export function saySettings(conversation: Conversation, settings: readonly Setting[]): void {
  for (const setting of settings) {
    if (conversation.sentSettings.lately(setting, conversation.now)) continue;
    const parameter = parameterOf(setting);
    if (typeof parameter === 'string') {
      count(conversation, 'malformed', `${parameter}; not sent`);
      continue;
    }
    const id = MESSAGE.setParameters;
    const serial = say(conversation, id, parametersBody([parameter]));
    conversation.sent.remember(serial, { what: 'setting', id, ...setting });
    conversation.sentSettings.remember(setting, conversation.now);
  }
}

/** Sends commands, a message each. */
export function sayCommands(conversation: Conversation, commands: readonly Command[]): void {
  for (const { id: commandId, text } of commands) {
    const outgoing = messageOf(text);
    if (typeof outgoing === 'string') {
      count(conversation, 'malformed', `command ${commandId} is ${outgoing}; not sent`);
      continue;
    }
    const serial = say(conversation, outgoing.id, outgoing.body);
    conversation.sent.remember(serial, { what: 'command', id: outgoing.id, commandId });
  }
}

/** `0001`: `serial:u16`, `id:u16` and `result:u8`. */
export function takeAnswer(conversation: Conversation, { body }: Message): void {
  if (body.length < 5) return malformed(conversation, body, 'an answer');
  const [serial, id, result] = [body.readUInt16BE(0), body.readUInt16BE(2), body[4] ?? 0];
  const sent = answered(conversation, serial, body, id);
  if (sent?.what === 'command') {
    const response = result === RESULT.ok ? null : resultText(result);
    confirm(conversation, { kind: 'commandDone', id: sent.commandId, response });
  } else if (sent?.what === 'setting') takeSettingAnswer(conversation, sent, result);
}

/** `0104`: `serial:u16` of the question, and all parameters. */
export function takeParameters(conversation: Conversation, { body }: Message): void {
  const parameters = body.length < 3 ? null : readParameters(body.subarray(3));
  if (parameters === null) return malformed(conversation, body, 'a report of parameters');
  const settings = parameters.map(settingOf);
  for (const { name, value } of settings) confirm(conversation, { kind: 'settingReported', name, value });
  const sent = answered(conversation, body.readUInt16BE(0), body, null);
  if (sent?.what !== 'command') return;
  const response = settings.map(({ name, value }) => `${name}=${value}`).join('\n');
  confirm(conversation, { kind: 'commandDone', id: sent.commandId, response });
}

/** `0201`: `serial:u16` of the question, and a location. */
export function takeLocationAskedFor(conversation: Conversation, { body }: Message): void {
  if (body.length < 2) return malformed(conversation, body, 'a location that was asked for');
  takeRecord(conversation, body.subarray(2), false);
  const sent = answered(conversation, body.readUInt16BE(0), body, null);
  if (sent?.what !== 'command') return;
  confirm(conversation, { kind: 'commandDone', id: sent.commandId, response: null });
}

function takeSettingAnswer(conversation: Conversation, sent: Extract<Sent, { what: 'setting' }>, result: number): void {
  const { name, value } = sent;
  if (result === RESULT.ok) confirm(conversation, { kind: 'settingReported', name, value });
  else if (result === RESULT.notSupported) confirm(conversation, { kind: 'settingUnknown', name });
  else count(conversation, 'malformed', `the setting ${name} was refused: ${resultText(result)}; it still waits`);
}

/** What was sent under a number, and with that id where the answer names it. */
function answered(conversation: Conversation, serial: number, body: Buffer, id: number | null): Sent | undefined {
  const sent = conversation.sent.answered(serial);
  if (sent !== undefined && (id === null || sent.id === id)) return sent;
  const what = id === null ? '' : ` to ${idText(id)}`;
  count(conversation, 'unknown_command', `an answer${what} under the number ${serial}, which was not sent`, body);
  return undefined;
}

function malformed(conversation: Conversation, body: Buffer, what: string): void {
  count(conversation, 'malformed', `${what} of ${body.length} bytes, kept`, body);
  keepRaw(conversation, '_invalid', body);
}
