/** Which bodies are taken, and how long they may take to arrive. */
import type { Api } from './parts.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route takes bytes as a stream instead of JSON. */
    upload?: boolean;
  }
}

/** The type of an upload. */
export const UPLOAD_TYPE = 'application/octet-stream';
/** Milliseconds within which a JSON body must arrive. */
export const BODY_TIMEOUT = 10_000;
/** Milliseconds within which an upload must arrive. */
export const UPLOAD_TIMEOUT = 600_000;

/** Takes JSON, an empty body being none, and for uploads a stream of bytes. */
export function takeBodies(app: Api): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body === '') done(null, undefined);
    else parse(request, body, done);
  });
  app.addContentTypeParser(UPLOAD_TYPE, (_, payload, done) => done(null, payload));

  app.addHook('preParsing', async (request) => {
    const { 'content-length': length, 'transfer-encoding': encoding } = request.headers;
    const hasBody = encoding !== undefined || Number(length ?? 0) > 0;
    if (!hasBody || request.routeOptions.config.upload) return;
    const { socket } = request.raw;
    const late = setTimeout(() => socket.destroy(), BODY_TIMEOUT);
    const settled = () => clearTimeout(late);
    request.raw.once('end', settled);
    request.raw.once('close', settled);
  });
}
