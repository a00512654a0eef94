/** Which protocol is spoken, by the first bytes of a device. */
import {
  type ConnectionFacts,
  MAX_RECOGNISED_BYTES,
  type Oddity,
  type Protocol,
  type Session,
} from '../../protocols/protocol.js';

/** Bytes of a stream, and datagrams, that are looked at. */
const LOOKED_AT = 4_096;
const LOOKED_AT_DATAGRAMS = 16;

/**
 * The protocol that knows the beginning as its own and takes the bytes best; where none does, as the beginning may not
 * have been captured, the one in which the bytes break nothing and bring the most about. Undefined: in none.
 */
export function recognise(bytes: Uint8Array, protocols: readonly Protocol[]): Protocol | undefined {
  if (bytes.length === 0) return undefined;
  const own = protocols.filter((protocol) => protocol.recognise(bytes.subarray(0, MAX_RECOGNISED_BYTES)) === 'yes');
  return own.length === 1 ? own[0] : best([bytes.subarray(0, LOOKED_AT)], 'tcp', own.length > 0 ? own : protocols);
}

/** The same for datagrams, each of them whole, among the protocols that are spoken over UDP. */
export function recogniseDatagrams(
  datagrams: readonly Uint8Array[],
  protocols: readonly Protocol[],
): Protocol | undefined {
  const spoken = protocols.filter(({ udp }) => udp);
  const own = spoken.filter((protocol) => datagrams.some((datagram) => protocol.recognise(datagram) === 'yes'));
  return own.length === 1
    ? own[0]
    : best(datagrams.slice(0, LOOKED_AT_DATAGRAMS), 'udp', own.length > 0 ? own : spoken);
}

function best(
  pieces: readonly Uint8Array[],
  transport: ConnectionFacts['transport'],
  protocols: readonly Protocol[],
): Protocol | undefined {
  let best: { readonly protocol: Protocol; readonly good: number } | undefined;
  for (const protocol of protocols) {
    const good = goodness(protocol, pieces, transport);
    if (good > (best?.good ?? 0)) best = { protocol, good };
  }
  return best?.protocol;
}

/** How much a session makes of the bytes: what it takes counts for them, what is odd against. */
function goodness(protocol: Protocol, pieces: readonly Uint8Array[], transport: ConnectionFacts['transport']): number {
  const session = protocol.session({ id: 0, source: '', transport, openedAt: 0, version: '', debug: false });
  return pieces.reduce((sum, bytes) => sum + goodnessOf(session, bytes), 0);
}

function goodnessOf(session: Session, bytes: Uint8Array): number {
  let good = 0;
  const due = session.receive(bytes, 0);
  for (let index = 0; index < due.length; index++) {
    const effect = due[index];
    if (effect === undefined) break;
    if (effect.do === 'count') good -= weights[effect.what] ?? 0.5;
    else if (effect.do === 'identify') {
      good += 10;
      due.push(...session.tell({ tell: 'identified', ...nobody }, 0));
    } else if (effect.do === 'ask') {
      good++;
      due.push(...session.tell({ tell: 'answered', answer: { to: 'refused', why: '' } }, 0));
    } else if (effect.do !== 'close' && (effect.do !== 'answer' || effect.when === 'durable')) good++;
  }
  return good;
}

/** What these are about is of something else, or may be; of all other oddities devices are capable. */
const weights: Partial<Record<Oddity, number>> = { protocol_error: 20, line_too_long: 20, bad_request: 1.5 };

const nobody = {
  deviceId: '',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  clockOffset: null,
  handsOver: () => false,
} as const;
