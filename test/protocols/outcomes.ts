/** Drives a session as a gateway does, and picks out of what comes of it what a test asks for. */
import type {
  Answer,
  Confirmation,
  ConnectionFacts,
  DeviceSide,
  Effect,
  Identified,
  NewReading,
  Oddity,
  Protocol,
  Question,
  Session,
} from '../../protocols/protocol.js';

export const NOW = 1_700_000_000_000;

/** A connection of a test, opened at `openedAt`. */
export function facts(openedAt: number, transport: ConnectionFacts['transport'] = 'tcp'): ConnectionFacts {
  return { id: 7, source: '192.0.2.1:4711', transport, openedAt, version: '1.2.3', debug: false };
}

/** A device that nothing waits for, and of which all is known. */
export const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
};

/** A device of which nothing is known, and that a setting and a command wait for. */
const awaited: Identified = {
  ...identified,
  pendingSettings: [{ name: 'period', value: '60' }],
  pendingCommands: [{ id: '11111111-1111-4111-8111-111111111111', text: 'reboot' }],
  capabilitiesKnown: false,
  hasSettings: false,
  handsOver: (channel) => channel.startsWith('can:'),
};

export function newSession(protocol: Protocol, openedAt = NOW): Session {
  return protocol.session({ ...facts(openedAt), debug: true });
}

/** What a test speaks over: a session whose device is identified, that device, and what came of that. */
export interface Spoken<Device> {
  readonly session: Session;
  readonly device: Device;
  /** What comes of bytes, now. */
  readonly hear: (bytes: Uint8Array | string) => Effect[];
  readonly greeting: readonly Effect[];
}

/** Lets a device say who it is, and tells the session that it is known. */
export function identify<Device extends DeviceSide>(
  session: Session,
  device: Device,
  ident: string,
  now: number,
  what: Partial<Identified>,
): Spoken<Device> {
  session.receive(device.identify(ident), now);
  const greeting = session.tell({ tell: 'identified', ...identified, ...what }, now);
  return { session, device, hear: (bytes) => session.receive(Buffer.from(bytes), now), greeting };
}

/** All effects of the chunks, in order, those of the outcomes included: every device is accepted. */
export function effectsOf(session: Session, chunks: Iterable<Uint8Array>, now = NOW): Effect[] {
  const all: Effect[] = [];
  for (const chunk of chunks) {
    const due = session.receive(chunk, now);
    for (let index = 0; index < due.length; index++) {
      const effect = due[index];
      if (effect === undefined) break;
      all.push(effect);
      const told =
        effect.do === 'identify'
          ? session.tell({ tell: 'identified', ...awaited }, now)
          : effect.do === 'ask'
            ? session.tell({ tell: 'answered', answer: answerTo(effect.question) }, now)
            : [];
      for (const one of told) due.push(one);
    }
  }
  return all;
}

/** Effects without what depends on how much of a broken stream had come. */
export function comparable(effects: readonly Effect[]): Effect[] {
  return effects.map((effect) =>
    effect.do === 'count' && effect.what === 'protocol_error' ? { ...effect, bytes: new Uint8Array() } : effect,
  );
}

/** The readings among effects. */
export function stored(effects: readonly Effect[]): NewReading[] {
  return effects.flatMap((effect) => (effect.do === 'store' ? [effect.reading] : []));
}

/** The kinds of oddities among effects. */
export function counted(effects: readonly Effect[]): Oddity[] {
  return effects.flatMap((effect) => (effect.do === 'count' ? [effect.what] : []));
}

/** What the device confirmed or reported. */
export function confirmed(effects: readonly Effect[]): Confirmation[] {
  return effects.flatMap((effect) => (effect.do === 'confirm' ? [effect.what] : []));
}

function answerTo(question: Question): Answer {
  switch (question.ask) {
    case 'pendingSettings':
    case 'allSettings':
    case 'setting':
      return { to: question.ask, settings: awaited.pendingSettings };
    case 'pendingCommands':
      return { to: 'pendingCommands', commands: awaited.pendingCommands };
    case 'file':
      return { to: 'file', size: 100 };
    case 'piece':
      return { to: 'piece', bytes: new Uint8Array(Math.min(question.size, 100)) };
    case 'lastReadings':
      return { to: 'lastReadings', readings: [{ time: NOW, type: 'x', data: '1' }] };
    case 'logLevel':
      return { to: 'logLevel', level: question.level ?? 'info' };
    case 'setSetting':
    case 'addCommand':
      return { to: question.ask };
  }
}
