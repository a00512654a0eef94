/** Which protocol is spoken, by the first bytes of a device. */
import type { Oddity, Protocol } from '../../protocols/protocol.js';

/** Bytes that are looked at. */
const LOOKED_AT = 4_096;

/** The protocol in which the bytes break nothing and bring the most about; undefined: in none. */
export function recognise(bytes: Uint8Array, protocols: readonly Protocol[]): Protocol | undefined {
  let best: { readonly protocol: Protocol; readonly good: number } | undefined;
  for (const protocol of protocols) {
    const good = goodness(protocol, bytes.subarray(0, LOOKED_AT));
    if (good > (best?.good ?? 0)) best = { protocol, good };
  }
  return best?.protocol;
}

/** How much a session makes of the bytes: what it takes counts for them, what is odd against. */
function goodness(protocol: Protocol, bytes: Uint8Array): number {
  const session = protocol.session({ id: 0, source: '', openedAt: 0, version: '', debug: false });
  let good = 0;
  const due = session.receive(bytes, 0);
  for (let index = 0; index < due.length; index++) {
    const effect = due[index];
    if (effect === undefined) break;
    if (effect.do === 'count') good -= BREAKS_FRAMING.has(effect.what) ? 20 : 0.5;
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

/** These bytes are of something else; all other oddities devices are capable of. */
const BREAKS_FRAMING: ReadonlySet<Oddity> = new Set(['protocol_error', 'line_too_long']);

const nobody = {
  deviceId: '',
  pendingSettings: [],
  pendingCommands: [],
  capabilitiesKnown: true,
  hasSettings: true,
  handsOver: () => false,
} as const;
