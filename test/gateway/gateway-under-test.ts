/** A whole gateway on free ports of the loopback, over the real store in a directory of its own. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { protocols as allProtocols } from '../../protocols/list.js';
import type { Protocol } from '../../protocols/protocol.js';
import { loadConfig } from '../../src/config/load.js';
import { createLog } from '../../src/observe/log.js';
import { type ServeOptions, serve } from '../../src/serve.js';

export interface GatewayUnderTest {
  readonly directory: string;
  port(protocol: string): number;
  /** Asks the API; resolves to status and parsed body. */
  api(method: string, path: string, body?: unknown): Promise<{ status: number; body: any }>;
  /** Of the API; empty: it is off. */
  readonly url: string;
  readonly token: string;
  /** Stops the gateway and keeps its data. */
  stop(): Promise<void>;
  /** Stops the gateway and removes its data. */
  remove(): Promise<void>;
}

export async function startGatewayUnderTest(
  options: Record<string, unknown> = {},
  {
    protocols = allProtocols,
    directory,
    ...others
  }: { protocols?: readonly Protocol[]; directory?: string } & Pick<
    ServeOptions,
    'clock' | 'store' | 'name' | 'onQuit'
  > = {},
): Promise<GatewayUnderTest> {
  const data = directory ?? (await mkdtemp(join(tmpdir(), 'm2mp-')));
  const ports = Object.fromEntries(protocols.map((protocol) => [`${protocol.name}-port`, 0]));
  const flags = { host: '127.0.0.1', 'http-port': 0, 'log-level': 'silent', data, ...ports, ...options };
  const config = loadConfig(protocols, { file: '/nonexistent/m2mp.yaml', fileRequired: false, env: {}, flags });
  const running = await serve(config, protocols, {
    log: createLog({ level: config['log-level'], format: 'json' }),
    onFailure: (error) => {
      throw error;
    },
    ...others,
  });
  const token = running.http ? (await readFile(running.http.tokenFile, 'utf8')).trim() : '';
  const url = running.http ? `http://127.0.0.1:${running.http.port}` : '';
  let stopped = false;
  const stop = async () => {
    if (stopped) return;
    stopped = true;
    await running.stop();
  };
  return {
    directory: data,
    url,
    token,
    port(protocol) {
      const place = running.devices.find((listening) => listening.protocol === protocol);
      if (!place) throw new Error(`${protocol} does not listen`);
      return place.port;
    },
    async api(method, path, body) {
      const response = await fetch(url + path, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text,
      };
    },
    stop,
    async remove() {
      await stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}
