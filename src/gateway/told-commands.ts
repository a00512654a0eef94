import type { Command, Session } from '../../protocols/protocol.js';

/** Commands that the session of a connection was told: each once, and which of them have left. */
export class ToldCommands {
  readonly #session: Session;
  readonly #told = new Set<string>();
  #unsent: readonly Command[] = [];

  constructor(session: Session) {
    this.#session = session;
  }

  has(id: string): boolean {
    return this.#told.has(id);
  }

  add(commands: readonly Command[]): void {
    for (const { id } of commands) this.#told.add(id);
    this.#unsent = [...this.#unsent, ...commands];
  }

  /** Whether some have left that were not taken yet. */
  get anyLeft(): boolean {
    return this.#unsent.some((command) => !this.#waits(command));
  }

  /** Ids of those that have left, each given once. */
  takeLeft(): string[] {
    const left = this.#unsent.filter((command) => !this.#waits(command));
    this.#unsent = this.#unsent.filter((command) => !left.includes(command));
    return left.map(({ id }) => id);
  }

  #waits(command: Command): boolean {
    return this.#session.unsent?.(command) ?? false;
  }
}
