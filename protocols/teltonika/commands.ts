/** Commands, one out at a time: an answer does not say which one it answers. */
import type { Command } from '../protocol.js';

/** Commands that wait behind the one that is out; further ones are sent on the next connection. */
export const MAX_WAITING_COMMANDS = 1_000;
/** Milliseconds after which a command that got no answer no longer keeps the others waiting. */
export const COMMAND_PATIENCE = 300_000;

export class Commands {
  #out: { readonly id: string; readonly at: number } | null = null;
  #waiting: Command[] = [];
  readonly #turnedAway = new Set<string>();

  /** Appends commands; gives how many there was no room for. */
  add(commands: readonly Command[]): number {
    const room = MAX_WAITING_COMMANDS - this.#waiting.length;
    for (const [index, command] of commands.entries())
      if (index < room) this.#waiting.push(command);
      else this.#turnedAway.add(command.id);
    return Math.max(0, commands.length - room);
  }

  /** The command that is to be sent now, or null: none waits, or one is out. */
  next(now: number): Command | null {
    // A clock that was set back must not keep the others waiting for ever.
    if (this.#out && now >= this.#out.at && now - this.#out.at < COMMAND_PATIENCE) return null;
    const command = this.#waiting.shift();
    if (!command) return null;
    this.#out = { id: command.id, at: now };
    return command;
  }

  /** Whether a command that was added has not left. */
  holds(id: string): boolean {
    return this.#turnedAway.has(id) || this.#waiting.some((command) => command.id === id);
  }

  /** The id of the command that an answer belongs to, or null: none is out. */
  answered(): string | null {
    const id = this.#out?.id ?? null;
    this.#out = null;
    return id;
  }

  /** Forgets all: the next device on this connection has others. */
  clear(): void {
    this.#out = null;
    this.#waiting = [];
    this.#turnedAway.clear();
  }
}
