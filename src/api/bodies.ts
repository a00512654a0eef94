/** Which bodies are taken, and how long they may take to arrive. */
import type { Api } from './parts.js';
import { badField, Problem, tooLong } from './problem.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route takes bytes as a stream instead of JSON. */
    upload?: boolean;
    /** Whether the route takes a form as well, whose field `value` is the JSON. */
    form?: boolean;
  }
}

/** The type of an upload. */
export const UPLOAD_TYPE = 'application/octet-stream';
/** The type of a form. */
export const FORM_TYPE = 'application/x-www-form-urlencoded';
/** Milliseconds within which a JSON body must arrive. */
export const BODY_TIMEOUT = 10_000;
/** Milliseconds within which an upload must arrive. */
export const UPLOAD_TIMEOUT = 600_000;

/** Takes JSON, an empty body being none, and for uploads a stream of bytes. */
export function takeBodies(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  const parseJson: typeof parse = (request, body, done) => {
    if (holdsHalfACharacter(body)) done(badField('body', '…', 'Unicode text, without half of a surrogate pair'));
    else parse(request, body, (error, value) => done(error && notJson(error), value));
  };
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parseJson(request, body, done);
  });
  app.addContentTypeParser<string>(FORM_TYPE, { parseAs: 'string' }, (request, body, done) => {
    const value = new URLSearchParams(body).get('value');
    if (value === null) done(new Problem(400, 'value: missing, it takes JSON as text', { field: 'value' }));
    else parseJson(request, value, done);
  });
  app.addContentTypeParser(UPLOAD_TYPE, (_, payload, done) => done(null, payload));

  app.addHook('preParsing', async (request) => {
    const { 'content-length': length, 'transfer-encoding': encoding, 'content-type': type = '' } = request.headers;
    if (encoding === undefined && Number(length ?? 0) === 0) return;
    const { upload = false, form = false } = request.routeOptions.config;
    const takes = upload ? UPLOAD_TYPE : 'application/json';
    const given = type.split(';')[0]?.trim().toLowerCase();
    if (given !== takes && !(form && given === FORM_TYPE)) throw badType(type, takes);
    // A JSON body is counted as it is parsed; this one would be read to its limit first.
    if (Number(length) > (request.routeOptions.bodyLimit ?? Number.POSITIVE_INFINITY)) throw tooLong();
    if (upload) return;
    const { socket } = request.raw;
    const late = setTimeout(() => socket.destroy(), BODY_TIMEOUT);
    const settled = () => clearTimeout(late);
    request.raw.once('end', settled);
    request.raw.once('close', settled);
  });
}

/** Whether JSON has an escaped half of a surrogate pair: no UTF-8 can hold it, so it would be stored as another text. */
function holdsHalfACharacter(json: string): boolean {
  if (!/\\ud[89a-f]/i.test(json)) return false;
  let highEndsAt = -1;
  for (const { 0: sequence, 1: hex, index } of json.matchAll(/\\(?:u([0-9a-f]{4})|.)/gis)) {
    const unit = Number.parseInt(hex ?? '0', 16);
    const isLow = unit >= 0xdc00 && unit <= 0xdfff;
    if (isLow !== (highEndsAt === index)) return true;
    highEndsAt = unit >= 0xd800 && unit <= 0xdbff ? index + sequence.length : -1;
  }
  return highEndsAt !== -1;
}

function notJson(error: Error): Problem {
  return new Problem(400, 'body: is not valid JSON', { field: 'body', takes: 'JSON in UTF-8' }, { cause: error });
}

function badType(type: string, takes: string): Problem {
  const about = { field: 'content-type', value: type, takes };
  return new Problem(415, `content-type: ${JSON.stringify(type)} is not taken here, it takes ${takes}`, about);
}
