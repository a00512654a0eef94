/**
 * What every protocol is: a server side (`Session`) and a device side (`DeviceSide`) of one conversation, both without
 * sockets, timers or storage. A session is given bytes and the time and returns effects, a closed list; an answer
 * says when it may leave, so that no protocol can acknowledge early by calling the wrong function.
 *
 * Times are UNIX milliseconds, speeds km/h, altitudes metres, coordinates degrees WGS 84.
 */

/** One protocol: one folder, one line in `list.ts`. */
export interface Protocol {
  /** Short lower-case name, as in options (`--<name>-port`), metrics and logs. */
  readonly name: string;
  /** The customary port. */
  readonly port: number;
  /** Whether it is served unless the configuration says otherwise; others are off until they are listed. */
  readonly served: boolean;
  /**
   * Whether devices may speak it over UDP as well, on the same port. A session of UDP is given one datagram at a time,
   * and each of its answers leaves as one.
   */
  readonly udp: boolean;
  /**
   * What an answer means to a device: `exact`, it keeps what was not acknowledged; `optional`, it can ask for an
   * acknowledgement; `none`, it never learns what was stored.
   */
  readonly ackStrength: 'exact' | 'optional' | 'none';
  /** What its devices have no words for: simulations and tests do without it. */
  readonly lacks: readonly Lack[];
  /** An ident as its devices have them, for simulations; the digits at its end count up for more devices. */
  readonly ident: string;
  /** Whether a stream that begins with these bytes (one at least), or this datagram, is of this protocol. Never throws. */
  recognise(first: Uint8Array): Recognition;
  /** The server side of one new connection. */
  session(connection: ConnectionFacts): Session;
  /** The device side of one new connection, for the simulator, replay and tests. */
  device(): DeviceSide;
  /** Explains bytes frame by frame, for a person (annotated dumps, `decode`). Never throws. */
  explain(bytes: Uint8Array, direction: Direction): Explanation[];
}

/**
 * Values of any type (`DeviceSide.reading`), settings of any name, an answer that the device is there, commands, responses
 * to them, altitudes.
 */
export type Lack = 'readings' | 'settings' | 'alive' | 'commands' | 'responses' | 'alt';

/** `more`: it may be, and further bytes will tell. */
export type Recognition = 'yes' | 'no' | 'more';

/** Bytes after which a protocol must know whether a stream is its own. */
export const MAX_RECOGNISED_BYTES = 1_024;

/** `device` is what the device sends, `server` what the server sends. */
export type Direction = 'device' | 'server';

/** A stretch of a stream, and what it says. */
export interface Explanation {
  /** Offset of the first byte. */
  readonly at: number;
  /** Length in bytes. */
  readonly length: number;
  /** One line for a person. */
  readonly text: string;
}

/** What a session may know of its connection. */
export interface ConnectionFacts {
  /** Number of the connection, unique in this process. */
  readonly id: number;
  /** `address:port` of the peer. */
  readonly source: string;
  /** How the bytes come: as a stream, cut anywhere, or as datagrams, each whole. */
  readonly transport: 'tcp' | 'udp';
  /** UNIX ms. */
  readonly openedAt: number;
  /** Version of the gateway. */
  readonly version: string;
  /** Whether debugging requests that change something are allowed. */
  readonly debug: boolean;
}

/**
 * The server side of one conversation. After an effect `identify` or `ask` it consumes nothing more, keeping the rest
 * of the bytes, until it is told the outcome; the gateway does not read the socket meanwhile, so what is kept is
 * bounded by one read of the socket.
 */
export interface Session {
  /** Nothing can be said here but answers: settings and commands wait for another connection. */
  readonly answersOnly?: true;
  /**
   * Whether a command that was told has not left: it waits behind others, or cannot be said here. Without it every command
   * leaves when it is told.
   */
  unsent?(command: Command): boolean;
  /** Takes the next bytes of the stream, cut anywhere. Never throws. `bytes` may be kept and must not be changed. */
  receive(bytes: Uint8Array, now: number): Effect[];
  /** Takes what the gateway wants said, or the outcome of `identify` or `ask`. Never throws. */
  tell(intent: Intent, now: number): Effect[];
}

/** All that a session can bring about. */
export type Effect =
  /** The device says who it is. The gateway tells `identified` or `refused`. */
  | { readonly do: 'identify'; readonly ident: string }
  /** A reading to store. */
  | { readonly do: 'store'; readonly reading: NewReading }
  /** Channel data that somebody else converts (`Identified.handsOver`): as it came, data or array elements. */
  | { readonly do: 'handOver'; readonly channel: string; readonly data: Uint8Array | readonly Uint8Array[] }
  /** The device confirms or reports something. */
  | { readonly do: 'confirm'; readonly what: Confirmation }
  /** The device wants to know something. The gateway tells `answered`. */
  | { readonly do: 'ask'; readonly question: Question }
  /**
   * Bytes for the device: `now`, or when everything before it on this connection is durable. Among themselves the
   * durable ones stay in order; one that says `now` may overtake them. `otherwise` leaves in place of a durable one
   * that the store did not let leave in time, where the protocol can say so: the device keeps what it has.
   */
  | {
      readonly do: 'answer';
      readonly bytes: Uint8Array;
      readonly when: 'now' | 'durable';
      readonly otherwise?: Uint8Array;
    }
  /** End this connection, or all of this device; durable answers that wait still leave. */
  | { readonly do: 'close'; readonly why: string; readonly scope: 'connection' | 'device' }
  /** Something odd to count, and to log with its bytes (at most 64 are shown). */
  | { readonly do: 'count'; readonly what: Oddity; readonly why: string; readonly bytes?: Uint8Array };

/** One dated value of one type. */
export interface NewReading {
  /** Such as `sen:loc`; 1 to 255 bytes of UTF-8. */
  readonly type: string;
  /** The device's own date in UNIX ms, or null: dated by the gateway when it arrives. */
  readonly time: number | null;
  /** The value as JSON text. A location is `{"lat","lon","spd"?,"alt"?}` or `{"sat"}`, a text a JSON string. */
  readonly data: string;
  /** The name under which to mark it among the device's listed sensors, or null. */
  readonly listed: string | null;
}

/** What a device confirms or reports. */
export type Confirmation =
  /** A setting has this value on the device; equal to the value to send, it is acknowledged. */
  | { readonly kind: 'settingReported'; readonly name: string; readonly value: string }
  /** The device does not know this setting: it is forgotten. */
  | { readonly kind: 'settingUnknown'; readonly name: string }
  | { readonly kind: 'status'; readonly name: string; readonly value: string }
  /** A command is done, perhaps with a response. `id` is the command's UUID. */
  | { readonly kind: 'commandDone'; readonly id: string; readonly response: string | null };

/** What a device asks. */
export type Question =
  | { readonly ask: 'pendingSettings' }
  | { readonly ask: 'allSettings' }
  | { readonly ask: 'setting'; readonly name: string }
  | { readonly ask: 'pendingCommands' }
  /** Whether there is a file of this name, and its size. */
  | { readonly ask: 'file'; readonly name: string }
  | { readonly ask: 'piece'; readonly name: string; readonly offset: number; readonly size: number }
  | { readonly ask: 'lastReadings'; readonly count: number }
  | { readonly ask: 'logLevel'; readonly level: string | null }
  | { readonly ask: 'setSetting'; readonly name: string; readonly value: string }
  | { readonly ask: 'addCommand'; readonly text: string };

/** The answer to a question; `refused` names for a person why there is none. */
export type Answer =
  | { readonly to: 'pendingSettings' | 'allSettings' | 'setting'; readonly settings: readonly Setting[] }
  | { readonly to: 'pendingCommands'; readonly commands: readonly Command[] }
  /** Bytes in the file; null: no such file. */
  | { readonly to: 'file'; readonly size: number | null }
  | { readonly to: 'piece'; readonly bytes: Uint8Array }
  | { readonly to: 'lastReadings'; readonly readings: readonly { time: number; type: string; data: string }[] }
  | { readonly to: 'logLevel'; readonly level: string }
  | { readonly to: 'setSetting' | 'addCommand' }
  | { readonly to: 'refused'; readonly why: string };

export interface Setting {
  readonly name: string;
  readonly value: string;
}

export interface Command {
  /** UUID. */
  readonly id: string;
  readonly text: string;
}

/** What the gateway tells a session. */
export type Intent =
  /** The outcome of `identify`. */
  | ({ readonly tell: 'identified' } & Identified)
  | { readonly tell: 'refused'; readonly why: string }
  /** The outcome of `ask`. */
  | { readonly tell: 'answered'; readonly answer: Answer }
  /** Settings and commands to send now. */
  | { readonly tell: 'settings'; readonly settings: readonly Setting[] }
  | { readonly tell: 'commands'; readonly commands: readonly Command[] }
  /** Ask the device whether it is there. */
  | { readonly tell: 'askAlive' }
  /** The gateway is about to close the connection: say so where the protocol can. */
  | { readonly tell: 'closing'; readonly why: string };

/** What a session is told of the device it speaks with. */
export interface Identified {
  /** UUID. */
  readonly deviceId: string;
  readonly pendingSettings: readonly Setting[];
  readonly pendingCommands: readonly Command[];
  /** Whether the status `cap` of the device is known. */
  readonly capabilitiesKnown: boolean;
  /** Whether the device has any setting at all. */
  readonly hasSettings: boolean;
  /**
   * Minutes that the device's clock is ahead of UTC, as somebody said of this device or of its protocol; null: nobody
   * did, and the protocol's own rule holds.
   */
  readonly clockOffset: number | null;
  /** Whether data of this channel goes to a converter of somebody's own. */
  readonly handsOver: (channel: string) => boolean;
}

/** Kinds of oddities, with what they mean: the label of the metric `m2mp_protocol_errors_total`. */
export const oddities = {
  protocol_error: 'bytes that break the framing: the connection is closed',
  unknown_frame: 'a frame of an unknown type, skipped',
  unidentified: 'data before the device identified itself, dropped',
  malformed: 'a message whose content does not fit its kind; its bytes are kept where the protocol says so',
  invalid_location: 'a location outside the earth, kept raw or refused',
  invalid_time: 'a date that cannot be',
  unknown_command: 'an acknowledgement of a command that was not sent',
  line_too_long: 'a line over the limit: the connection is closed',
  bad_request: 'a request that was answered as such',
  week_rollover: 'a date 1,024 weeks back or a multiple: the GPS week counter came round, and it was corrected',
} as const;

export type Oddity = keyof typeof oddities;

/**
 * The device side of one conversation. What it says is returned as bytes, never sent; what it hears comes as events.
 * A method for something that the protocol lacks returns no bytes (length 0).
 */
export interface DeviceSide {
  identify(ident: string): Uint8Array;
  location(location: Location): Uint8Array;
  /** A value of a type such as `sen:temp`; `time` null: dated by the gateway. */
  reading(type: string, value: string, time: number | null): Uint8Array;
  /**
   * Asks for an acknowledgement of all that was sent before. `n` is 0 to 255 and comes back. Where the protocol
   * acknowledges whole messages, readings may be held back until this sends them as one.
   */
  barrier(n: number): Uint8Array;
  settingReported(name: string, value: string): Uint8Array;
  settingUnknown(name: string): Uint8Array;
  commandDone(id: string, response: string | null): Uint8Array;
  status(name: string, value: string): Uint8Array;
  aliveAnswer(n: number): Uint8Array;
  /** Takes the next bytes from the server, cut anywhere. Throws `ProtocolError` on bytes no server may send. */
  receive(bytes: Uint8Array): DeviceEvent[];
}

/** Where a device is, or only how many satellites it sees. */
export type Location =
  | { readonly time: number; readonly sat: number }
  | {
      readonly time: number;
      readonly lat: number;
      readonly lon: number;
      readonly spd?: number;
      readonly alt?: number;
    };

/** What a device hears. */
export type DeviceEvent =
  | { readonly event: 'identified'; readonly accepted: boolean }
  /** Everything before the barrier `n` is durable. */
  | { readonly event: 'barrier'; readonly n: number }
  | { readonly event: 'setting'; readonly name: string; readonly value: string }
  | { readonly event: 'settingsAsked' }
  | { readonly event: 'statusAsked'; readonly name: string }
  | { readonly event: 'command'; readonly id: string; readonly text: string }
  | { readonly event: 'aliveAsked'; readonly n: number }
  | { readonly event: 'closing'; readonly why: string }
  | { readonly event: 'data'; readonly channel: string; readonly data: readonly Uint8Array[] }
  | { readonly event: 'line'; readonly line: string };

/** Bytes that break a protocol's framing: `code` is stable, the message is for a person. */
export class ProtocolError extends Error {
  constructor(
    readonly code: Oddity,
    message: string,
    readonly bytes: Uint8Array,
  ) {
    super(message);
    this.name = 'ProtocolError';
  }
}

/** Longest type of a reading and longest name of a setting, status or listed sensor, in bytes of UTF-8. */
export const MAX_NAME_BYTES = 255;
