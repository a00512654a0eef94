/** The HTTP API: its limits, its rules for every route, and the list of its resources. */
import cookie from '@fastify/cookie';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { fastify } from 'fastify';
import { addressKey } from '../accounts/attempts.js';
import { openCredentials } from '../accounts/credentials.js';
import { addAudit } from './audit.js';
import { createAudit, keepTrail } from './audit-trail.js';
import { requireAccount } from './auth.js';
import { takeBodies, UPLOAD_TIMEOUT } from './bodies.js';
import { addChannelTranslation } from './channel-translation.js';
import { closing } from './closing.js';
import { addCommands } from './commands.js';
import { compressAnswers } from './compression.js';
import { addConnections } from './connections.js';
import { allowOrigins } from './cors.js';
import { addDevices } from './devices.js';
import { addDomains } from './domains.js';
import { answerWhenDurable } from './durably.js';
import { takeWebSockets } from './event-outlets.js';
import { addEvents } from './events.js';
import { createExports } from './exports.js';
import { addFirmware } from './firmware.js';
import { addHealth } from './health.js';
import { addLatest } from './latest.js';
import { addListedSensors } from './listed-sensors.js';
import { addLogin } from './login.js';
import { endRevoked } from './long-requests.js';
import { addMetrics } from './metrics.js';
import { describeApi } from './openapi.js';
import type { Api, ApiParts } from './parts.js';
import { Problem, tellBadUrl, tellProblems } from './problem.js';
import { addReadingQueries } from './reading-queries.js';
import { addReadings } from './readings.js';
import { addRegistry } from './registry.js';
import { logRequests, requestId } from './request-log.js';
import { createScope } from './scope.js';
import { addSearch } from './search.js';
import { addSensors } from './sensors.js';
import { addSettings } from './settings.js';
import { addStatus } from './status.js';
import { addTokens } from './tokens.js';
import { addTrack } from './track.js';
import { tellUnchanged } from './unchanged.js';
import { addUsers } from './users.js';
import { validatorCompiler } from './validation.js';
import { addWaiting } from './waiting.js';

/** Bytes of a JSON body at the most. */
export const MAX_BODY = 1 << 20;
/** Milliseconds within which a request's headers must arrive. */
export const HEADERS_TIMEOUT = 10_000;
/** Milliseconds of silence after which a connection is closed; event streams say something more often. */
export const CONNECTION_TIMEOUT = 60_000;
export const KEEP_ALIVE_TIMEOUT = 30_000;
/** Connections at the most. */
export const MAX_HTTP_CONNECTIONS = 1_024;
/** Addresses whose requests are counted; above it, the one not heard of for the longest time is forgotten. */
const MAX_ADDRESSES = 10_000;
/** Characters of one part of a path at the most: an ident or a name, percent-encoded. */
const MAX_PATH_PART = 255 * 3;

/** Where the API listens, and how it ends. */
export interface RunningApi {
  readonly host: string;
  readonly port: number;
  /** Stops accepting, ends the event streams, and resolves when all that was asked is answered or broken off. */
  close(): Promise<void>;
}

export interface ApiOptions extends Omit<ApiParts, 'scope' | 'credentials' | 'audit' | 'exports'> {
  /** What a request must bear, but for /health. */
  readonly token: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Addresses and networks of proxies whose X-Forwarded headers are believed; false: nobody's. */
  readonly trustProxy: string[] | false;
  /** Origins of other sites whose pages may ask with a token. */
  readonly corsOrigins: readonly string[];
  /** Requests within a minute. */
  readonly requestsPerAddress: number;
  readonly requestsPerAccount: number;
  /** Milliseconds that requests under way may take when the API closes; then they are broken off. */
  readonly drainTimeout: number;
}

/** Starts the API; rejects when the port cannot be had. */
export async function startApi(options: ApiOptions): Promise<RunningApi> {
  const app = await buildApi(options);
  const close = closing(app, options.drainTimeout);
  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  const port = typeof address === 'object' && address ? address.port : options.port;
  return { host: options.host, port, close };
}

async function buildApi(options: ApiOptions): Promise<Api> {
  const { registry, users, series, durability, clock, log } = options;
  const credentials = openCredentials({
    registry,
    users,
    adminToken: options.token,
    now: clock.now,
    onTrouble: (error) => log.warn({ error: String(error) }, 'the last use of a token was not noted'),
  });
  const parts: ApiParts = {
    ...options,
    scope: createScope(options.devices, clock.now),
    credentials,
    audit: createAudit({ series, durability, now: clock.now }),
    exports: createExports(options),
  };
  const app = fastify({
    bodyLimit: MAX_BODY,
    requestTimeout: UPLOAD_TIMEOUT,
    connectionTimeout: CONNECTION_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    http: { headersTimeout: HEADERS_TIMEOUT },
    routerOptions: { maxParamLength: MAX_PATH_PART },
    exposeHeadRoutes: false,
    frameworkErrors: tellBadUrl,
    trustProxy: options.trustProxy,
    genReqId: requestId,
    logger: false,
  }).withTypeProvider<TypeBoxTypeProvider>();
  app.server.maxConnections = MAX_HTTP_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  // Handlers are checked against the response schemas by their types, so nothing is filtered while writing.
  app.setSerializerCompiler(() => JSON.stringify);
  takeBodies(app);
  tellProblems(app, parts.log);

  await takeWebSockets(app);
  logRequests(app, log);
  await app.register(helmet, { contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } });
  allowOrigins(app, options.corsOrigins);
  await app.register(cookie);
  await app.register(rateLimit, {
    global: false,
    max: options.requestsPerAddress,
    timeWindow: '1 minute',
    cache: MAX_ADDRESSES,
    keyGenerator: ({ ip }) => addressKey(ip),
    errorResponseBuilder: (_, { after }) => new Problem(429, `too many requests from this address, again in ${after}`),
  });
  // For all of the app, and before it is looked who asks: who is refused is counted as well.
  app.addHook('onRequest', app.rateLimit());
  requireAccount(app, {
    credentials,
    limit: { max: options.requestsPerAccount, window: 60_000 },
    now: parts.clock.now,
  });
  endRevoked(app, credentials);
  keepTrail(app, parts.audit);
  // In this order: what is unchanged is not compressed.
  tellUnchanged(app);
  await compressAnswers(app);
  answerWhenDurable(app, parts.durability);
  await describeApi(app);

  addHealth(app, parts);
  addMetrics(app, parts);
  addLogin(app, parts);
  addUsers(app, parts);
  addDomains(app, parts);
  addTokens(app, parts);
  addAudit(app, parts);
  addDevices(app, parts);
  addSettings(app, parts);
  addCommands(app, parts);
  addReadingQueries(app, parts);
  addReadings(app, parts);
  addLatest(app, parts);
  addTrack(app, parts);
  addStatus(app, parts);
  addListedSensors(app, parts);
  addSensors(app, parts);
  addChannelTranslation(app, parts);
  addConnections(app, parts);
  addWaiting(app, parts);
  addEvents(app, parts);
  addFirmware(app, parts);
  addSearch(app, parts);
  addRegistry(app, parts);
  return app;
}
