/** Errors as the API tells them: problem details of RFC 9457, naming the field, its value and what is taken. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Static, Type } from 'typebox';
import { Refusal, type RefusalCode } from '../devices/refusal.js';
import type { Logger } from '../observe/log.js';
import { RegistryError } from '../registry/paths.js';
import { SeriesError } from '../series/series.js';
import { StoreAway, StoreFailed, StoreFull } from '../store/store.js';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json';

export const ProblemDetails = Type.Object(
  {
    type: Type.String({ description: 'always about:blank: the title says what the status means' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what was wrong, for a person' }),
    field: Type.Optional(Type.String({ description: 'the parameter or member of the body that was wrong' })),
    value: Type.Optional(Type.String({ description: 'what it was, as JSON, shortened where it is long' })),
    takes: Type.Optional(Type.String({ description: 'what it takes' })),
  },
  {
    $id: 'Problem',
    examples: [
      {
        type: 'about:blank',
        title: 'Bad Request',
        status: 400,
        detail: 'limit: "0" is not valid, it takes a whole number from 1 to 1000',
        field: 'limit',
        value: '"0"',
        takes: 'a whole number from 1 to 1000',
      },
    ],
  },
);

/** Characters of a wrong value that are told back. */
const SHOWN = 100;

/** An error that is told to the client as it is. */
export class Problem extends Error {
  /** Seconds after which the same may be asked again; null: nobody knows. */
  readonly retryAfter: number | null;

  constructor(
    readonly statusCode: number,
    message: string,
    readonly about?: { readonly field: string; readonly value?: string; readonly takes?: string },
    options?: ErrorOptions & { readonly retryAfter?: number },
  ) {
    super(message, options);
    this.name = 'Problem';
    this.retryAfter = options?.retryAfter ?? null;
  }
}

/** A field whose value is not taken: status 400. */
export function badField(field: string, value: unknown, takes: string): Problem {
  const shown = shorten(JSON.stringify(value) ?? 'nothing');
  return new Problem(400, `${field}: ${shown} is not valid, it takes ${takes}`, { field, value: shown, takes });
}

/** A body over its limit: status 413. */
export function tooLong(): Problem {
  return new Problem(413, 'the body is longer than is taken here', { field: 'body' });
}

/** Too many of something, until `ms` milliseconds are over: status 429. */
export function tooMany(what: string, ms: number): Problem {
  const retryAfter = Math.ceil(ms / 1_000);
  return new Problem(429, `too many ${what}, again in ${retryAfter} s`, undefined, { retryAfter });
}

/** Something that is not there: status 404. */
export function notFound(field: string, value: string, kind: string): Problem {
  const shown = shorten(JSON.stringify(value));
  return new Problem(404, `no ${kind} ${shown}`, { field, value: shown });
}

/** Makes every error of an app a problem; those it cannot account for are logged, and told without their inside. */
export function tellProblems(app: FastifyInstance, log: Logger): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const problem = toProblem(error);
    if (problem.statusCode >= 500 && problem.statusCode !== 503)
      log.error(
        { request: request.id, method: request.method, route: request.routeOptions.url, ...told(error) },
        'API error',
      );
    send(reply, problem);
  });
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const path = shorten(request.url.split('?')[0] ?? '');
    send(reply, new Problem(404, `there is no ${request.method} ${path}; see /api/openapi.json for what there is`));
  });
}

/** Tells what is wrong with a URL for which no route could be sought. */
export function tellBadUrl(error: FastifyError, request: { readonly url: string }, reply: FastifyReply): void {
  const path = shorten(request.url.split('?')[0] ?? '');
  send(
    reply,
    error.code === 'FST_ERR_MAX_PARAM_LENGTH'
      ? new Problem(414, `a part of the path is longer than is taken: ${path}`, { field: 'path', value: path })
      : badField('path', path, 'UTF-8, percent-encoded'),
  );
}

function toProblem(error: FastifyError | Problem): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof Refusal) {
    const about = error.field === undefined ? undefined : { field: error.field };
    return new Problem(statusOf[error.code], error.message, about, { cause: error });
  }
  if (error instanceof SeriesError)
    return new Problem(400, error.message, { field: error.code.replace('invalid_', '') }, { cause: error });
  if (error instanceof RegistryError)
    return new Problem(error.code === 'not_found' ? 404 : 400, error.message, fieldOf[error.code], { cause: error });
  if (error instanceof StoreFull || error instanceof StoreAway || error instanceof StoreFailed)
    return new Problem(503, error.message, undefined, { cause: error });
  const { statusCode, code } = error;
  // The client left before it had sent the whole body: nothing is wrong in here, and nobody reads the answer.
  if (code === 'ECONNRESET') return new Problem(400, 'the request ended before its body did', { field: 'body' });
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') return tooLong();
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) return new Problem(statusCode, error.message);
  return new Problem(500, 'an error inside the gateway; its log says more', undefined, { cause: error });
}

const fieldOf = {
  invalid_path: { field: 'path' },
  not_found: { field: 'path' },
  root: { field: 'path' },
  invalid_name: { field: 'values' },
} as const satisfies Record<RegistryError['code'], { field: string }>;

const statusOf: Readonly<Record<RefusalCode, number>> = {
  unknown: 404,
  invalid: 400,
  conflict: 409,
  full: 409,
  busy: 429,
};

function send(reply: FastifyReply, { statusCode, message, about, retryAfter }: Problem): void {
  const body: Static<typeof ProblemDetails> = {
    type: 'about:blank',
    title: titles[statusCode] ?? 'Error',
    status: statusCode,
    detail: message,
    ...about,
  };
  const wait = retryAfter ?? (statusCode === 503 ? 1 : null);
  if (wait !== null) reply.header('retry-after', String(wait));
  if (statusCode === 401) reply.header('www-authenticate', 'Bearer realm="m2mp-gateway"');
  reply.code(statusCode).header('content-type', PROBLEM_CONTENT_TYPE).serializer(JSON.stringify).send(body);
}

function shorten(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  409: 'Conflict',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

function told({ message, stack }: Error): { error: string; stack: string | undefined } {
  return { error: message, stack };
}
