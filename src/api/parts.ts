/** What the API works with, and the app to which each resource adds its routes. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Credentials } from '../accounts/credentials.js';
import type { Bus } from '../bus/bus.js';
import type { DeviceParts } from '../devices/open.js';
import type { Clock } from '../gateway/clock.js';
import type { Live } from '../gateway/live.js';
import type { Durability } from '../ingest/durability.js';
import type { Logger } from '../observe/log.js';
import type { Registry } from '../registry/registry.js';
import type { Search } from '../search/search.js';
import type { Series } from '../series/series.js';
import type { Audit } from './audit-trail.js';
import type { Exports } from './exports.js';
import type { Scope } from './scope.js';

export interface ApiParts extends Omit<DeviceParts, 'identify'> {
  readonly registry: Registry;
  readonly series: Series;
  readonly durability: Durability;
  readonly bus: Bus;
  readonly live: Live;
  /** The metrics of all that runs on this machine, as Prometheus reads them. */
  readonly metricsText: () => Promise<string>;
  /** Why readings wait in a spool on this machine, or null: in none. */
  readonly spooling: () => Promise<string | null>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly scope: Scope;
  readonly credentials: Credentials;
  readonly audit: Audit;
  readonly exports: Exports;
  readonly search: Search;
}

export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
