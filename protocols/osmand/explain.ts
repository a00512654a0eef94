/** Says request by request what bytes mean, for a person. */
import type { Direction, Explanation } from '../protocol.js';
import { type Request, RequestReader } from './http.js';
import { BadRequest, readReport } from './report.js';

/** Places of a request, and characters of an answer, that are shown. */
const MAX_SHOWN_PLACES = 5;
const MAX_SHOWN_TEXT = 200;

/** One line a request or an answer. What is none, and one that is not whole, is the last. Never throws. */
export function explain(bytes: Uint8Array, direction: Direction): Explanation[] {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return direction === 'device' ? requests(all) : answers(all);
}

function requests(bytes: Buffer): Explanation[] {
  const reader = new RequestReader();
  const lines: Explanation[] = [];
  let at = 0;
  reader.push(bytes);
  for (let request = reader.next(); request !== null; request = reader.next()) {
    lines.push({ at, length: request.length, text: requestText(request) });
    at += request.length;
  }
  const text = reader.broken ? `protocol error: ${reader.broken.why}` : 'a request that is not whole';
  if (at < bytes.length) lines.push({ at, length: bytes.length - at, text });
  return lines;
}

function requestText(request: Request): string {
  try {
    const { id, places } = readReport(request);
    const shown = places.slice(0, MAX_SHOWN_PLACES).map(({ timestamp, fix, values }) => {
      const parts = [timestamp ?? 'now', ...(fix ? [JSON.stringify(fix)] : [])];
      for (const [type, data] of values) parts.push(`${type}=${data}`);
      return parts.join(' ');
    });
    if (places.length > shown.length) shown.push('…');
    return `${request.method} of ${JSON.stringify(id)}: ${shown.join('; ') || 'nothing but that it is there'}`;
  } catch (error) {
    if (error instanceof BadRequest) return `${request.method}, a bad request: ${error.message}`;
    throw error;
  }
}

function answers(bytes: Buffer): Explanation[] {
  const lines: Explanation[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf('\r\n\r\n', at);
    const head = end === -1 ? '' : bytes.toString('latin1', at, end);
    const [, length = '0'] = /^content-length: (\d{1,6})$/im.exec(head) ?? [];
    const [, status] = /^HTTP\/1\.[01] (\d{3} .*)$/m.exec(head) ?? [];
    const whole = end + 4 + Number(length) - at;
    const isWhole = end !== -1 && at + whole <= bytes.length;
    const text = `${status ?? 'no answer of HTTP'} ${bytes.toString('utf8', end + 4, at + whole).trim()}`.trim();
    const line = { at, length: isWhole ? whole : bytes.length - at };
    lines.push({ ...line, text: isWhole ? text.slice(0, MAX_SHOWN_TEXT) : 'an answer that is not whole' });
    at += line.length;
  }
  return lines;
}
