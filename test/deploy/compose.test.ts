import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { protocols } from '../../protocols/list.js';
import { loadConfig, variableOf } from '../../src/config/load.js';
import type { Config } from '../../src/config/options.js';
import { optionsFor } from '../../src/config/options.js';
import { m2mp } from '../cli/program.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string };
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly healthcheck?: { readonly test?: readonly string[]; readonly disable?: boolean };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}

const file = new URL('../../deploy/compose.yaml', import.meta.url).pathname;
const { services, volumes }: { services: Readonly<Record<string, Service>>; volumes: Readonly<Record<string, null>> } =
  parse(readFileSync(file, 'utf8'), { merge: true });
const dockerfile = readFileSync(resolve(dirname(file), '../Dockerfile'), 'utf8');
const ours = Object.entries(services).filter(([, { image }]) => image === 'm2mp-gateway');

/** What the image sets, and then the service. */
function environmentOf({ environment = {} }: Service): Record<string, string> {
  const set = [...dockerfile.matchAll(/\b(M2MP_\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]);
  return { ...Object.fromEntries(set), ...environment };
}

/** As the program would be configured; it must know each variable and flag, and take its value. */
function configOf({ command, ...service }: Service): Config {
  const flags = new Map<string, string>();
  for (const [at, word] of command.entries())
    if (word.startsWith('--') && word !== '--replication') flags.set(word.slice(2), command[at + 1] ?? '');
  const env = environmentOf({ command, ...service });
  return loadConfig(protocols, { file: '', fileRequired: false, env, flags: Object.fromEntries(flags) });
}

const hostOf = (address: string) => address.split(':')[0] ?? '';

describe('deploy/compose.yaml', () => {
  it('has two gateways, a storage worker, a job that makes the tables, Cassandra and NSQ', () => {
    expect(Object.keys(services).sort()).toEqual(
      ['cassandra', 'gateway-1', 'gateway-2', 'init', 'nsqd', 'nsqlookupd', 'storage'].sort(),
    );
    const roles = ours.filter(([name]) => name !== 'init').map(([name, one]) => [name, configOf(one).roles]);
    expect(Object.fromEntries(roles)).toEqual({
      'gateway-1': 'gateway,api',
      'gateway-2': 'gateway,api',
      storage: 'api,storage',
    });
  });

  it.each(ours)('%s: each variable is an option, and its hosts are services', (_, service) => {
    const known = new Set([...optionsFor(protocols).map(({ key }) => variableOf(key)), 'M2MP_TOKEN_FILE']);
    for (const variable of Object.keys(environmentOf(service))) expect(known).toContain(variable);
    const config = configOf(service);
    const hosts = [config['cassandra-contact-points']];
    if (service.command.includes('serve')) {
      expect(config).toMatchObject({ store: 'cassandra', bus: 'nsq', data: '/data', 'http-host': '0.0.0.0' });
      hosts.push(hostOf(config.nsqd), hostOf(config.nsqlookupd));
    }
    for (const host of hosts) expect(services).toHaveProperty([host]);
    expect(existsSync(resolve(dirname(file), service.build?.context ?? '', 'Dockerfile'))).toBe(true);
  });

  it.each(ours)('%s: the program takes its command', async (_, { command: [program, ...args], ...service }) => {
    expect(program).toBe('m2mp');
    const env = environmentOf({ command: [], ...service });
    const isServe = args[0] === 'serve';
    // What would make tables asks for help instead: its words are taken, and nothing is done.
    const run = await m2mp([...args, isServe ? '--print-config' : '--help'], { env });
    expect(run).toMatchObject({ code: 0, err: '' });
    for (const word of args.filter((one) => one.startsWith('--') && !isServe)) expect(run.out).toContain(word);
  });

  it('the tables are made where the gateways look for them', () => {
    const { init } = services;
    if (!init) throw new Error('there is no init');
    const made = configOf(init);
    expect(init.command.join(' ')).toContain(`--replication ${made['cassandra-datacenter']}=1`);
    for (const [name, service] of ours) {
      const config = configOf(service);
      expect([name, config['cassandra-keyspace'], config['cassandra-datacenter']]).toEqual([
        ...[name, made['cassandra-keyspace'], made['cassandra-datacenter']],
      ]);
      if (name !== 'init')
        expect(service.depends_on?.['init']).toEqual({ condition: 'service_completed_successfully' });
    }
  });

  it('each service says whether it is well, and is waited for by that', () => {
    for (const [name, { healthcheck, image }] of Object.entries(services)) {
      // Those of the gateway's own image have its check.
      if (image !== 'm2mp-gateway') expect([name, healthcheck?.test?.[0]]).toEqual([name, 'CMD']);
    }
    expect(dockerfile).toContain('HEALTHCHECK');
    for (const { depends_on: needs = {} } of Object.values(services))
      for (const [name, { condition }] of Object.entries(needs)) {
        expect(services).toHaveProperty([name]);
        if (condition === 'service_healthy') expect(services[name]?.healthcheck?.disable).toBeUndefined();
      }
  });

  it('ports are published once, data is in volumes, and no API is open to the network', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports);
    const outer = published.map((port) => port.split(':').at(-2));
    expect(new Set(outer).size).toBe(outer.length);
    for (const port of published.filter((one) => one.endsWith(':8080'))) expect(port).toMatch(/^127\.0\.0\.1:/);
    const used = Object.values(services).flatMap((one) => (one.volumes ?? []).map(hostOf));
    expect(used.sort()).toEqual(Object.keys(volumes).sort());
  });
});
