/** The configuration from m2mp.yaml, `M2MP_*` variables and flags, in rising order of strength. */
import { readFileSync } from 'node:fs';
import { Value } from 'typebox/value';
import { parse } from 'yaml';
import type { Protocol } from '../../protocols/protocol.js';
import { clockOffsets } from './clock-offsets.js';
import { AUTO, type Config, OFF, type Option, optionsFor, portKey, type Settled } from './options.js';

/** What is wrong with the configuration, for the person who wrote it. */
export class ConfigError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigError';
  }
}

/** Where entries come from; `flags` by option key, as given. */
export interface Sources {
  /** Path of the file; it must exist if `fileRequired`. */
  readonly file: string;
  readonly fileRequired: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: Readonly<Record<string, unknown>>;
}

/** Variables that belong to other commands than `serve`. */
const otherVariables = new Set(['M2MP_URL', 'M2MP_TOKEN', 'M2MP_TOKEN_FILE', 'M2MP_CONFIG']);

/** Loads and checks the configuration. Throws `ConfigError` naming the entry, its value and what it takes. */
export function loadConfig(protocols: readonly Protocol[], sources: Sources): Config {
  const options = new Map(optionsFor(protocols).map((option) => [option.key, option]));
  const values = new Map<string, unknown>([...options.values()].map((option) => [option.key, option.fallback]));
  for (const [key, value, where] of entries(options, sources)) {
    const option = options.get(key);
    if (!option) throw new ConfigError(`${where}: unknown entry; known are ${[...options.keys()].join(', ')}`);
    values.set(key, checked(option, value, where));
  }
  const ports = portsOf(protocols, values);
  const settled = Object.fromEntries([...values].filter(([key]) => !protocols.some((p) => portKey(p) === key)));
  return { ...(settled as unknown as Settled), ports };
}

/** Ports that are given, and the customary ones of protocols that are listed. */
function portsOf(protocols: readonly Protocol[], values: ReadonlyMap<string, unknown>): Map<string, number> {
  const listed = String(values.get('protocols')).split(',').filter(Boolean);
  const names = protocols.map(({ name }) => name);
  const unknown = [...listed, ...[...clockOffsets(String(values.get('clock-offset'))).keys()]].find(
    (name) => name !== AUTO && !names.includes(name),
  );
  if (unknown !== undefined) throw new ConfigError(`${unknown} is no protocol; there are ${names.join(', ')}`);
  const ports = new Map<string, number>();
  for (const protocol of protocols) {
    const port = Number(values.get(portKey(protocol)));
    ports.set(protocol.name, port === OFF && listed.includes(protocol.name) ? protocol.port : port);
  }
  if (listed.includes(AUTO)) ports.set(AUTO, Number(values.get('auto-port')));
  return ports;
}

/** The configuration as m2mp.yaml, secrets masked where they are set. */
export function printConfig(protocols: readonly Protocol[], config: Config): string {
  const ports = new Map(protocols.map((protocol) => [portKey(protocol), config.ports.get(protocol.name)]));
  const settled = new Map<string, unknown>(Object.entries(config));
  return optionsFor(protocols)
    .map((option) => {
      const value = ports.get(option.key) ?? settled.get(option.key);
      return `# ${option.doc}\n${option.key}: ${JSON.stringify(option.secret && value !== option.fallback ? '***' : value)}\n`;
    })
    .join('');
}

/** Name of the variable of an option: `m2mp-port` → `M2MP_M2MP_PORT`. */
export function variableOf(key: string): string {
  return `M2MP_${key.toUpperCase().replaceAll('-', '_')}`;
}

function* entries(options: ReadonlyMap<string, Option>, sources: Sources): Iterable<[string, unknown, string]> {
  for (const [key, value] of Object.entries(readFile(sources))) yield [key, value, `${sources.file}: ${key}`];
  const byVariable = new Map([...options.keys()].map((key) => [variableOf(key), key]));
  const secrets = [...options.values()].filter(({ secret }) => secret);
  const secretFiles = new Map(secrets.map(({ key }) => [variableOf(key) + FILE, key]));
  for (const [variable, value] of Object.entries(sources.env)) {
    if (!variable.startsWith('M2MP_') || otherVariables.has(variable) || value === undefined) continue;
    const secret = secretFiles.get(variable);
    if (secret !== undefined) {
      if (sources.env[variableOf(secret)] !== undefined)
        throw new ConfigError(`${variable}: ${variableOf(secret)} is set as well, one of them counts`);
      yield [secret, secretOf(variable, value), variable];
      continue;
    }
    const key = byVariable.get(variable);
    if (!key) throw new ConfigError(`${variable}: unknown variable; known are ${[...byVariable.keys()].join(', ')}`);
    yield [key, value, variable];
  }
  for (const [key, value] of Object.entries(sources.flags)) if (value !== undefined) yield [key, value, `--${key}`];
}

/** What a variable ends with that names a file with a secret, in place of telling it to whoever lists processes. */
const FILE = '_FILE';

/** The secret in a file, without the line's end that editors put there. */
function secretOf(variable: string, file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    throw new ConfigError(`${variable}: ${error instanceof Error ? error.message : error}`);
  }
}

function readFile(sources: Sources): Record<string, unknown> {
  let text: string;
  try {
    text = readFileSync(sources.file, 'utf8');
  } catch (error) {
    if (!sources.fileRequired && error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw new ConfigError(`${sources.file}: ${error instanceof Error ? error.message : error}`);
  }
  let content: unknown;
  try {
    content = parse(text) ?? {};
  } catch (error) {
    throw new ConfigError(`${sources.file}: not YAML: ${error instanceof Error ? error.message : error}`);
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new ConfigError(`${sources.file}: expected entries such as "data: ./data", got ${JSON.stringify(content)}`);
  return { ...content };
}

function checked(option: Option, value: unknown, where: string): unknown {
  const typed = typeof value === 'string' ? fromText(option, value) : value;
  if (Value.Check(option.schema, typed)) return typed;
  throw new ConfigError(`${where}: ${JSON.stringify(value)} is not valid, it takes ${option.takes}`);
}

/** Variables and flags are text; numbers and booleans are told by the option's default. */
function fromText(option: Option, text: string): unknown {
  if (typeof option.fallback === 'number') return text.trim() === '' ? text : Number(text);
  if (typeof option.fallback === 'boolean') return text === 'true' ? true : text === 'false' ? false : text;
  return text;
}
