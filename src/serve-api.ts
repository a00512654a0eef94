/** Puts the API together, over its core. */
import { adminToken } from './accounts/tokens.js';
import type { ApiParts } from './api/parts.js';
import { type RunningApi, startApi } from './api/server.js';
import type { Config } from './config/options.js';
import type { Core } from './core.js';
import { openSearch } from './serve-search.js';

export interface ApiServer extends RunningApi {
  /** Where the admin token is. */
  readonly tokenFile: string;
}

/** Starts the API, or gives null where its port says off; rejects with a message for the operator. */
export async function serveApi(
  core: Core,
  config: Config,
  machine: Pick<ApiParts, 'metricsText' | 'spooling'>,
): Promise<ApiServer | null> {
  if (config['http-port'] < 0) return null;
  const { token, file: tokenFile } = await adminToken(config.data);
  const search = await openSearch(core, config);
  try {
    const api = await startApi({
      ...core,
      ...core.devices,
      ...machine,
      search,
      token,
      host: config['http-host'],
      port: config['http-port'],
      trustProxy: config['http-trust-proxy'] === '' ? false : listed(config['http-trust-proxy']),
      corsOrigins: listed(config['http-cors-origins']),
      requestsPerAddress: config['http-requests-per-address'],
      requestsPerAccount: config['http-requests-per-account'],
      drainTimeout: config['drain-timeout'] * 1_000,
    });
    return {
      ...api,
      tokenFile,
      async close() {
        await api.close();
        await search.close();
      },
    };
  } catch (error) {
    await search.close();
    throw error;
  }
}

/** Words separated by commas. */
function listed(text: string): string[] {
  return text === '' ? [] : text.split(',');
}
