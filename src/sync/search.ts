/** The connection with Elasticsearch or OpenSearch. */
import { readFileSync } from 'node:fs';
import { Client } from '@opensearch-project/opensearch';

export interface SearchConnection {
  readonly nodes: readonly string[];
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** A PEM file of the authorities that the nodes must be signed by. */
  readonly ca?: string | undefined;
}

/** Milliseconds a request may take. */
export const REQUEST_TIMEOUT = 60_000;

/** A client; nothing is asked yet. */
export function connectSearch({ nodes, username, password, ca }: SearchConnection): Client {
  return new Client({
    nodes: [...nodes],
    maxRetries: 0,
    requestTimeout: REQUEST_TIMEOUT,
    ...(username && { auth: { username, password: password ?? '' } }),
    ...(ca && { ssl: { ca: readFileSync(ca, 'utf8') } }),
  });
}
