/**
 * A made-up protocol, to show that one folder is enough. Messages end with `;`. The device says `I<ident>`,
 * `P<lat>,<lon>` and `?<n>`; the server answers `I1` or `I0`, and `!<n>` when all before it is durable.
 */
import { coordinatesProblem, locationData } from '../../../protocols/location.js';
import type { DeviceEvent, DeviceSide, Effect, Intent, Protocol, Session } from '../../../protocols/protocol.js';

/** Characters a message may have. */
const MAX_MESSAGE = 1_024;

export const semicolon: Protocol = {
  name: 'semicolon',
  port: 3099,
  served: false,
  udp: false,
  ackStrength: 'optional',
  lacks: ['readings', 'settings', 'alive', 'responses', 'alt'],
  ident: 'imei:490154203237518',
  recognise: (first) => (/^[IP?]/.test(Buffer.from(first).toString('latin1')) ? 'yes' : 'no'),
  session: createSession,
  device: createDevice,
  explain: (bytes) => [{ at: 0, length: bytes.length, text: Buffer.from(bytes).toString('latin1') }],
};

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

function createSession(): Session {
  let rest = '';
  let waiting = false;

  function consume(): Effect[] {
    const effects: Effect[] = [];
    for (let end = rest.indexOf(';'); end >= 0 && !waiting; end = rest.indexOf(';')) {
      const message = rest.slice(0, end);
      rest = rest.slice(end + 1);
      effects.push(effectOf(message));
      if (message[0] === 'I') waiting = true;
    }
    if (rest.length > MAX_MESSAGE) effects.push({ do: 'close', why: 'message too long', scope: 'connection' });
    return effects;
  }

  return {
    receive(chunk) {
      rest += Buffer.from(chunk).toString('latin1');
      return consume();
    },
    tell(intent: Intent) {
      if (intent.tell !== 'identified' && intent.tell !== 'refused') return [];
      waiting = false;
      const answer = bytes(intent.tell === 'identified' ? 'I1;' : 'I0;');
      return [{ do: 'answer', bytes: answer, when: 'now' }, ...consume()];
    },
  };
}

function effectOf(message: string): Effect {
  const content = message.slice(1);
  if (message[0] === 'I') return { do: 'identify', ident: content };
  if (message[0] === '?') return { do: 'answer', bytes: bytes(`!${content};`), when: 'durable' };
  const [lat, lon] = content.split(',').map(Number);
  if (message[0] !== 'P' || lat === undefined || lon === undefined || coordinatesProblem(lat, lon))
    return { do: 'count', what: 'malformed', why: `cannot read ${JSON.stringify(message)}` };
  const data = locationData(lat, lon, null, null);
  return { do: 'store', reading: { type: 'sen:loc', time: null, data, listed: null } };
}

function createDevice(): DeviceSide {
  let rest = '';
  const nothing = () => bytes('');
  return {
    identify: (ident) => bytes(`I${ident};`),
    location: (location) => ('lat' in location ? bytes(`P${location.lat},${location.lon};`) : nothing()),
    barrier: (n) => bytes(`?${n};`),
    reading: nothing,
    settingReported: nothing,
    settingUnknown: nothing,
    commandDone: nothing,
    status: nothing,
    aliveAnswer: nothing,
    receive(chunk) {
      const messages = (rest + Buffer.from(chunk).toString('latin1')).split(';');
      rest = messages.pop() ?? '';
      return messages.map(
        (message): DeviceEvent =>
          message[0] === 'I'
            ? { event: 'identified', accepted: message === 'I1' }
            : { event: 'barrier', n: Number(message.slice(1)) },
      );
    },
  };
}
