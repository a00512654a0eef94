/** The protocols whose devices have words for everything, and those of trackers, which lack some. */
import { protocols } from '../../protocols/list.js';
import type { Protocol } from '../../protocols/protocol.js';

export const completeProtocols: readonly Protocol[] = protocols.filter(({ lacks }) => lacks.length === 0);
export const trackerProtocols: readonly Protocol[] = protocols.filter(({ lacks }) => lacks.length > 0);

/** An ident of this protocol that has not been used before in this process. */
export function newIdent({ ident }: Protocol): string {
  const digits = /\d+$/.exec(ident)?.[0] ?? '';
  return ident.slice(0, ident.length - digits.length) + String(FIRST + used++).padStart(digits.length, '1');
}

/** All have as many digits, so that none is another one with digits before it. */
const FIRST = 100_000;
let used = 0;
