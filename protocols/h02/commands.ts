/**
 * Commands for the device: `*HQ,<id>,<code>,<hhmmss>,<parameters>#`. Its answer is `V4,<code>,…`, most often with the
 * time of the command.
 */
import type { Command } from '../protocol.js';
import { dateAndTime, textOf } from './text.js';

/** Longest text of a command. */
export const MAX_COMMAND_BYTES = 200;
/** Commands of a connection whose answers are waited for; the oldest are forgotten. */
export const MAX_SENT_COMMANDS = 128;

interface Sent {
  readonly id: string;
  readonly code: string;
  /** `hhmmss` */
  readonly time: string;
}

/** Commands that were sent and are not answered. */
export class SentCommands {
  // Made when it is needed: most connections are idle, and there are many.
  #sent: Sent[] | null = null;

  remember(sent: Sent): void {
    this.#sent ??= [];
    this.#sent.push(sent);
    if (this.#sent.length > MAX_SENT_COMMANDS) this.#sent.shift();
  }

  /** The command that was sent with this code, and at a time that is among these fields, or else the oldest. */
  answered(code: string, fields: readonly string[]): Sent | undefined {
    const sent = this.#sent?.filter((one) => one.code === code) ?? [];
    const found = sent.find(({ time }) => fields.includes(time)) ?? sent[0];
    this.#sent = this.#sent?.filter((one) => one !== found) ?? null;
    return found;
  }

  /** Forgets all: the next device on this connection was sent nothing. */
  clear(): void {
    this.#sent = null;
  }
}

/** What is sent for a command, and what is remembered of it, or what is wrong with its text, for a person. */
export function commandText(
  { id, text }: Command,
  to: { readonly maker: string; readonly id: string },
  now: number,
): { readonly bytes: Buffer; readonly sent: Sent } | string {
  if (!SENDABLE.test(text)) return 'a text with other than printable ASCII without * $ #';
  if (text.length > MAX_COMMAND_BYTES) return `a text of ${text.length} bytes, expected at most ${MAX_COMMAND_BYTES}`;
  const [code = '', ...parameters] = text.split(',');
  const [, time] = dateAndTime(now);
  return { bytes: textOf(to.maker, to.id, code, time, ...parameters), sent: { id, code, time } };
}

const SENDABLE = /^[ !"%-)+-~]+$/;
