import { MAX_RECOGNISED_BYTES, type Recognition } from '../protocol.js';

/** A POST, or another request that says whose it is in its first line. */
export function recognise(first: Uint8Array): Recognition {
  const text = Buffer.from(first.buffer, first.byteOffset, first.byteLength).toString('latin1');
  if (text.startsWith(POST)) return 'yes';
  if ([POST, ...OTHERS].some((begin) => begin.startsWith(text))) return 'more';
  if (!OTHERS.some((begin) => text.startsWith(begin))) return 'no';
  const end = text.indexOf('\r\n');
  const line = end === -1 ? text : text.slice(0, end);
  if (/[?&](id|deviceid)=/.test(line)) return 'yes';
  return end === -1 && text.length < MAX_RECOGNISED_BYTES ? 'more' : 'no';
}

const POST = 'POST /';
const OTHERS = ['GET /', 'PUT /', 'HEAD /'];
