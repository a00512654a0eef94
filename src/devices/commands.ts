/**
 * What a device is told to do, once. A command is sent at every identification until it is acknowledged, and never
 * when it has expired or was cancelled. All changes resolve when they are durable.
 */
export interface Commands {
  /** Newest first, those after the command `after`. */
  list(deviceId: string, page: { after?: string | undefined; limit: number }): Promise<CommandPage>;
  get(deviceId: string, commandId: string): Promise<DeviceCommand | undefined>;
  /** Those to send now (UNIX ms), oldest first. */
  pending(deviceId: string, now: number): Promise<{ id: string; text: string }[]>;
  /** Queues a command. Rejects with a `Refusal`: `invalid`, `full`, or `conflict` when the id is taken. */
  add(deviceId: string, text: string, options: CommandOptions): Promise<DeviceCommand>;
  /** Rejects with a `Refusal`: `unknown`, or `conflict` when it is done or expired. */
  cancel(deviceId: string, commandId: string): Promise<DeviceCommand>;
  /** Notes that commands were written to a socket. */
  sent(deviceId: string, commandIds: readonly string[]): Promise<void>;
  /**
   * The device did a command; the response is kept. `repeated`: it said so before; null: there is no such command. One
   * that was cancelled or expired too late to stop it becomes done, for that is what happened.
   */
  done(deviceId: string, commandId: string, response: string | null): Promise<'done' | 'repeated' | null>;
}

export interface CommandOptions {
  /** When it must not be sent any more, UNIX ms. */
  readonly expires?: number | undefined;
  /** A UUID of the asker's own, so that asking twice is one command. */
  readonly commandId?: string | undefined;
}

export type CommandState = 'queued' | 'sent' | 'done' | 'expired' | 'cancelled';

export interface DeviceCommand {
  /** UUID. */
  readonly id: string;
  readonly text: string;
  readonly state: CommandState;
  /** When it came to each state, UNIX ms; null: it did not, or it is not known. */
  readonly queued: number | null;
  /** The first time. */
  readonly sent: number | null;
  readonly done: number | null;
  readonly expired: number | null;
  readonly cancelled: number | null;
  /** When it expires or would have, UNIX ms; null: never. */
  readonly expires: number | null;
  readonly response: string | null;
}

export interface CommandPage {
  readonly commands: readonly DeviceCommand[];
  /** The `after` of the next page, null at the end. */
  readonly next: string | null;
}
