/** `S`: settings, from the device and for it. */
import type { Setting } from '../protocol.js';
import { ask, type Conversation, count, cut, nameProblem, refuse, say } from './conversation.js';

/** `S A`, `S S`, `S U`, `S G`, `S GA` */
export function takeSetting(conversation: Conversation, rest: string): void {
  const [kind, behind] = cut(rest);
  switch (kind) {
    case 'A':
    case 'S':
      return takeReported(conversation, behind ?? '');
    case 'U':
      return takeUnknown(conversation, behind ?? '');
    case 'G':
      return behind ? askOne(conversation, behind) : askMany(conversation, 'pendingSettings');
    case 'GA':
      return askMany(conversation, 'allSettings');
    default:
      refuse(conversation, `Unknown request: S ${kind}, expected S A, S S, S U, S G or S GA`);
  }
}

/** Sends the settings that were not sent lately. */
export function saySettings(conversation: Conversation, settings: readonly Setting[]): void {
  for (const setting of settings)
    if (!conversation.voice.saidLately(setting, conversation.now)) saySetting(conversation, setting);
}

function saySetting(conversation: Conversation, setting: Setting): void {
  const line = conversation.voice.setting(setting, conversation.now);
  if (line !== null) say(conversation, line);
  else count(conversation, 'malformed', `setting ${setting.name} has a name that does not fit a line, not sent`);
}

/** A value that is missing is one of no characters: many a device sends no space behind which nothing comes. */
function takeReported(conversation: Conversation, text: string): void {
  const [name, value] = cut(text);
  const problem = nameProblem('setting', name);
  if (problem !== null) return refuse(conversation, problem);
  const meant = conversation.voice.meant(name, value ?? '');
  conversation.effects.push({ do: 'confirm', what: { kind: 'settingReported', name, value: meant } });
}

function takeUnknown(conversation: Conversation, name: string): void {
  const problem = nameProblem('setting', name);
  if (problem !== null) return refuse(conversation, problem);
  conversation.effects.push({ do: 'confirm', what: { kind: 'settingUnknown', name } });
}

function askOne(conversation: Conversation, name: string): void {
  const problem = nameProblem('setting', name);
  if (problem !== null) return refuse(conversation, problem);
  ask(conversation, { ask: 'setting', name }, (answer) => {
    if (!('settings' in answer)) return;
    if (answer.settings.length === 0) refuse(conversation, `No such setting: ${name}`);
    for (const setting of answer.settings) saySetting(conversation, setting);
  });
}

/** What is asked for is answered, however lately it was sent. */
function askMany(conversation: Conversation, what: 'pendingSettings' | 'allSettings'): void {
  ask(conversation, { ask: what }, (answer) => {
    if ('settings' in answer) for (const setting of answer.settings) saySetting(conversation, setting);
  });
}
