/** Which type a reading is stored under, by the one that was sent. */
import { MAX_NAME_BYTES } from '../protocol.js';

const byName: ReadonlyMap<string, string> = new Map([
  ['T', 'sen:temp'],
  ['V', 'sen:volt'],
  ['D', 'sen:door'],
  ['F', 'sen:fuel'],
  ['E', 'sen:engine'],
  ['SMS', 'sen:sms_received'],
  ['VER', 'sen:version'],
]);

/** The type that is stored, and the name of the listed sensor it marks, or null. */
export function storedType(sent: string): { readonly type: string; readonly listed: string | null } {
  const type = byName.get(sent);
  if (type !== undefined) return { type, listed: null };
  if (sent.startsWith('LS:') && sent.length > 3) return { type: `lsen:${sent.slice(3)}`, listed: sent.slice(3) };
  const numbered = NUMBERED.exec(sent);
  if (numbered) return { type: `sen:${numbered[1] === 'A' ? 'adc' : 'gpio'}:${numbered[2]}`, listed: null };
  return { type: sent, listed: null };
}

/** What is wrong with a type that a device sent, for a person, or null. */
export function typeProblem(sent: string): string | null {
  if (sent.length === 0) return 'Missing type';
  if (sent.startsWith('_')) return `Invalid type: ${sent}, those that begin with _ are the server's own`;
  // The longest prefix that is put before it has five bytes more than what it replaces.
  if (sent.length * 3 + LONGEST_PREFIX > MAX_NAME_BYTES && Buffer.byteLength(storedType(sent).type) > MAX_NAME_BYTES)
    return `Invalid type: ${sent.slice(0, 40)}… of ${Buffer.byteLength(sent)} bytes, expected at most ${MAX_NAME_BYTES}`;
  return null;
}

const NUMBERED = /^(A|DI)(\d+)$/;
const LONGEST_PREFIX = 9;
