import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { protocols } from '../../protocols/list.js';
import { loadConfig, printConfig, variableOf } from '../../src/config/load.js';
import { optionsFor } from '../../src/config/options.js';
import { ttlByType } from '../../src/config/ttl.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'm2mp-config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function load(sources: { yaml?: string; env?: Record<string, string>; flags?: Record<string, unknown> }) {
  const file = join(directory, 'm2mp.yaml');
  if (sources.yaml !== undefined) writeFileSync(file, sources.yaml);
  return loadConfig(protocols, { file, fileRequired: false, env: sources.env ?? {}, flags: sources.flags ?? {} });
}

describe('the configuration', () => {
  it('is the defaults where nothing is given', () => {
    const config = load({});
    expect(config.ports.has('auto')).toBe(false);
    expect(config.data).toBe('./data');
    expect([...config.ports].filter(([, port]) => port !== -1)).toEqual([
      ['m2mp', 3010],
      ['alip', 3050],
    ]);
    expect(config['http-port']).toBe(8080);
  });

  it('opens the customary ports of protocols that are listed, and one for all of them', () => {
    const { ports } = load({ yaml: 'm2mp-port: -1\nalip-port: -1\n', flags: { protocols: 'alip,auto' } });
    expect(ports.get('m2mp')).toBe(-1);
    expect(ports.get('alip')).toBe(3050);
    expect(ports.get('auto')).toBe(5000);
  });

  it('takes the file, then variables, then flags, in rising order of strength', () => {
    const yaml = 'http-port: 1\nm2mp-port: 1\nalip-port: 1\ndebug: true\n';
    const env = { M2MP_HTTP_PORT: '2', M2MP_M2MP_PORT: '2', PATH: '/bin' };
    const config = load({ yaml, env, flags: { 'http-port': '3', debug: undefined } });
    expect(config['http-port']).toBe(3);
    expect(config.ports.get('m2mp')).toBe(2);
    expect(config.ports.get('alip')).toBe(1);
    expect(config.debug).toBe(true);
  });

  it('takes a secret from the file that a variable names, and no other option', () => {
    const file = join(directory, 'password');
    writeFileSync(file, 'of the cluster\n');
    const config = load({ env: { M2MP_CASSANDRA_PASSWORD_FILE: file } });
    expect(config['cassandra-password']).toBe('of the cluster');
    const refused = (env: Record<string, string>) => () => load({ env });
    expect(refused({ M2MP_CASSANDRA_PASSWORD_FILE: `${file}.away` })).toThrow(/PASSWORD_FILE: ENOENT/);
    expect(refused({ M2MP_CASSANDRA_PASSWORD_FILE: file, M2MP_CASSANDRA_PASSWORD: 'x' })).toThrow(/is set as well/);
    expect(refused({ M2MP_DATA_FILE: file })).toThrow(/M2MP_DATA_FILE: unknown variable/);
  });

  it.each([
    [{ yaml: 'prot: 1' }, /m2mp\.yaml: prot: unknown entry; known are .*m2mp-port/],
    [{ yaml: 'http-port: eighty' }, /m2mp\.yaml: http-port: "eighty" is not valid, it takes a port/],
    [{ yaml: '- a' }, /expected entries such as "data: \.\/data", got \["a"\]/],
    [{ yaml: 'a: [' }, /not YAML/],
    [{ env: { M2MP_PROT: '1' } }, /M2MP_PROT: unknown variable; known are/],
    [{ env: { M2MP_HTTP_PORT: '' } }, /M2MP_HTTP_PORT: "" is not valid/],
    [{ env: { M2MP_DEBUG: 'yes' } }, /M2MP_DEBUG: "yes" is not valid, it takes true or false/],
    [{ flags: { 'http-port': '70000' } }, /--http-port: "70000" is not valid, it takes a port, 0: any free one/],
    [{ flags: { ttl: 'sen:loc' } }, /--ttl: "sen:loc" is not valid, it takes type=number/],
    [{ flags: { protocols: 'm2mp,morse' } }, /morse is no protocol; there are m2mp, alip/],
    [{ flags: { 'clock-offset': 'morse=60' } }, /morse is no protocol/],
    [{ flags: { 'clock-offset': 'm2mp=8h' } }, /"m2mp=8h" is not valid, it takes protocol=minutes/],
    [{ flags: { provisioning: 'some' } }, /--provisioning: "some" is not valid, it takes auto or known/],
  ])('%j stops the start with the name, the value and what it takes', (sources, message) => {
    expect(() => load(sources)).toThrow(message);
  });

  it('must find the file that it was told to take', () => {
    const file = join(directory, 'other.yaml');
    expect(() => loadConfig(protocols, { file, fileRequired: true, env: {}, flags: {} })).toThrow(/other\.yaml/);
  });

  it('leaves the variables of other commands alone', () => {
    expect(() => load({ env: { M2MP_URL: 'http://x', M2MP_TOKEN: 't' } })).not.toThrow();
  });

  it('prints no secret', () => {
    const printed = printConfig(protocols, load({ flags: { 'cassandra-password': 'tell nobody' } }));
    expect(printed).toContain('cassandra-password: "***"');
    expect(printed).not.toContain('tell nobody');
  });

  it('reads back what it prints', () => {
    const config = load({ flags: { 'http-port': '0', 'm2mp-port': '12', ttl: '_server=90d' } });
    expect(load({ yaml: printConfig(protocols, config) })).toEqual(config);
    expect(Object.keys(parse(printConfig(protocols, config)))).toEqual(optionsFor(protocols).map(({ key }) => key));
  });

  it('accepts every default as its own value', () => {
    for (const { key, fallback } of optionsFor(protocols))
      expect(() => load({ env: { [variableOf(key)]: String(fallback) } }), key).not.toThrow();
  });
});

it('reads times to live by type in seconds', () => {
  const ttl = ttlByType('_server=90d,sen:temp=36h');
  expect([ttl('_server'), ttl('sen:temp'), ttl('sen:loc')]).toEqual([90 * 86_400, 36 * 3_600, 0]);
});
