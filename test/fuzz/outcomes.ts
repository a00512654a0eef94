/** Drives a session as a gateway does, and tells it every outcome at once. */
import type { Answer, Effect, Identified, Protocol, Question, Session } from '../../protocols/protocol.js';

export const NOW = 1_700_000_000_000;

const identified: Identified = {
  deviceId: 'e6f2a8d4-0000-5000-8000-000000000001',
  pendingSettings: [{ name: 'period', value: '60' }],
  pendingCommands: [{ id: '11111111-1111-4111-8111-111111111111', text: 'reboot' }],
  capabilitiesKnown: false,
  hasSettings: false,
  clockOffset: null,
  handsOver: (channel) => channel.startsWith('can:'),
};

export function newSession(protocol: Protocol): Session {
  return protocol.session({ id: 1, source: '192.0.2.1:1', transport: 'tcp', openedAt: NOW, version: '1', debug: true });
}

/** All effects of the chunks, in order, outcomes included. */
export function effectsOf(session: Session, chunks: Iterable<Buffer>): Effect[] {
  const all: Effect[] = [];
  for (const chunk of chunks) {
    const due = session.receive(chunk, NOW);
    for (let index = 0; index < due.length; index++) {
      const effect = due[index];
      if (effect === undefined) break;
      all.push(effect);
      if (effect.do === 'identify') due.push(...session.tell({ tell: 'identified', ...identified }, NOW));
      else if (effect.do === 'ask')
        due.push(...session.tell({ tell: 'answered', answer: answerTo(effect.question) }, NOW));
    }
  }
  return all;
}

function answerTo(question: Question): Answer {
  switch (question.ask) {
    case 'pendingSettings':
    case 'allSettings':
    case 'setting':
      return { to: question.ask, settings: identified.pendingSettings };
    case 'pendingCommands':
      return { to: 'pendingCommands', commands: identified.pendingCommands };
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

/** Effects without what depends on how much of a broken stream had come. */
export function comparable(effects: readonly Effect[]): unknown[] {
  return effects.map((effect) =>
    effect.do === 'count' ? { do: 'count', what: effect.what, why: effect.why } : effect,
  );
}
