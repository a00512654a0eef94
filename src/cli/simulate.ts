import { setTimeout as passed } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { RouteError, routeNamed } from '../simulator/routes.js';
import { MAX_DEVICES, type Progress, type SimulationResult, simulate } from '../simulator/simulator.js';
import { type Ask, type Verification, verify } from '../simulator/verify.js';
import { hostAndPort, milliseconds, wholeNumber } from './arguments.js';
import { addConnectionOptions, CliError, clientFor, NotNow } from './client.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { escaped } from './table.js';

interface Options {
  readonly protocol: string;
  readonly to?: { readonly host: string; readonly port: number };
  readonly devices: number;
  readonly rate: number;
  readonly batch: number;
  readonly duration: number;
  readonly route: string;
  readonly ident?: string;
  readonly verify?: string | true;
  readonly json?: boolean;
}

/** Milliseconds that a gateway may be away while what was acknowledged is read back, and those between two attempts. */
const BACK_WITHIN = 60_000;
const ASK_AGAIN_AFTER = 1_000;

/** Adds `m2mp simulate`: exit code 1 when nothing was acknowledged, or `--verify` finds something lost. */
export function addSimulate(program: Command, protocols: readonly Protocol[]): void {
  const names = protocols.map(({ name }) => name);
  const command = program
    .command('simulate')
    .description('devices that drive around, keep what is not acknowledged, and answer settings and commands')
    .addOption(new Option('--protocol <name>', 'what they speak').choices(names).default(names[0]))
    .option('--to <host:port>', "the server (default: the protocol's port of this machine)", hostAndPort)
    .option('--devices <n>', 'how many', devices, 1)
    .option('--rate <n>', 'readings a second of all devices together, or max', rate)
    .option('--batch <n>', 'readings before each barrier', wholeNumber, 10)
    .option('--duration <time>', 'how long', milliseconds, 60_000)
    .option('--route <route>', 'circle, random, or a GPX file', 'circle')
    .option(
      '--ident <ident>',
      "the first device's ident, the others count up (default: one as the protocol's devices have)",
    )
    .option(
      '--verify [url]',
      'read back what was acknowledged from the API at this URL (or --url); devices are new ones unless --ident is given',
    )
    .option('--json', 'the result as JSON');
  addConnectionOptions(command).action((options: Options) => run(command, options, protocols));
}

async function run(command: Command, options: Options, protocols: readonly Protocol[]): Promise<void> {
  const protocol = protocols.find(({ name }) => name === options.protocol);
  if (!protocol) throw new CliError(`--protocol: ${options.protocol} is not known`, EXIT.usage);
  const route = routeOf(options.route);
  if (typeof options.verify === 'string') command.setOptionValue('url', options.verify);
  const client = options.verify ? clientFor(command) : null;
  // Asked before the load: nobody wants to learn at its end that the token is missing.
  if (client) await client.json('GET', '/api/devices?limit=1');
  const { host, port } = options.to ?? { host: '127.0.0.1', port: protocol.port };
  const interrupted = new AbortController();
  const interrupt = () => (interrupted.signal.aborted ? process.exit(EXIT.failed) : interrupted.abort());
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const simulation = await simulate({
    protocol,
    host,
    port,
    devices: options.devices,
    rate: options.rate ?? options.devices,
    batch: options.batch,
    duration: options.duration,
    route,
    ident: identsFrom(options.ident ?? (options.verify ? newIdent(protocol) : protocol.ident), options.devices),
    onProgress: (progress) => showProgress(progress, options),
    signal: interrupted.signal,
    now: Date.now,
    random: Math.random,
  });
  clearProgress();
  if (!options.json) print(summary(simulation.result));
  const found = client
    ? await verify(
        simulation,
        route,
        patiently((path) => client.json('GET', path)),
      )
    : null;
  if (options.json) print(`${JSON.stringify({ ...simulation.result, verification: found })}\n`);
  else if (found) print(verdict(found));
  if (simulation.result.acknowledged === 0)
    throw new CliError(`nothing was acknowledged by ${host}:${port}: ${simulation.result.trouble || 'no time to'}`);
  if (found && found.lost + found.altered + found.duplicated + found.settingsLost + found.commandsLost > 0)
    process.exitCode = EXIT.failed;
  // Sockets that wait for a server that does not answer are nothing to wait for.
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
}

/** Asks again for a while: whoever verifies may just have killed the gateway, or taken its store away. */
function patiently(ask: Ask): Ask {
  return async (path) => {
    for (const since = Date.now(); ; await passed(ASK_AGAIN_AFTER)) {
      try {
        return await ask(path);
      } catch (error) {
        if (!(error instanceof NotNow) || Date.now() - since > BACK_WITHIN) throw error;
        process.stderr.write(`waiting to verify: ${error.message}\n`);
      }
    }
  };
}

function showProgress({ at, connected, acknowledged, rate, trouble }: Progress, { devices, json }: Options): void {
  const parts = [
    `${Math.round(at / 1_000)} s`,
    `${connected} of ${devices} connected`,
    `${acknowledged} acknowledged`,
    `${Math.round(rate)}/s`,
  ];
  const line = parts.join(', ') + (trouble ? ` (${escaped(trouble)})` : '');
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`);
  else if (!json) process.stderr.write(`${line}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001b[K');
}

function summary(result: SimulationResult): string {
  const { latency } = result;
  const ms = (value: number) => `${value.toPrecision(3)} ms`;
  const lines = [
    ['readings', `${result.acknowledged} acknowledged of ${result.sent} sent in ${result.seconds.toFixed(1)} s`],
    ['rate', `${Math.round(result.rate)}/s`],
    ['barriers', `p50 ${ms(latency.p50)}, p90 ${ms(latency.p90)}, p99 ${ms(latency.p99)}, p99.9 ${ms(latency.p999)}`],
    ['settings', `${result.settings} acknowledged`],
    ['commands', `${result.commands} done`],
    ['dropped', `${result.dropped} connections, ${result.refused} refused`],
  ];
  if (result.trouble) lines.push(['trouble', escaped(result.trouble)]);
  return lines.map(([name, value]) => `${name?.padEnd(9)} ${value}\n`).join('');
}

function verdict(found: Verification): string {
  const { lost, duplicated, altered, acknowledged, settings, settingsLost, commands, commandsLost } = found;
  const lines = [
    `verified  ${acknowledged} readings: ${lost} lost, ${duplicated} duplicated, ${altered} altered`,
    `          ${settings} settings: ${settingsLost} lost; ${commands} commands: ${commandsLost} lost`,
    ...found.examples.map((text) => `          ${escaped(text)}`),
  ];
  return `${lines.join('\n')}\n`;
}

function routeOf(name: string) {
  try {
    return routeNamed(name);
  } catch (error) {
    if (error instanceof RouteError) throw new CliError(`--route: ${error.message}`, EXIT.usage);
    throw error;
  }
}

/** Idents that count up from the first, in its digits. */
function identsFrom(first: string, count: number): (index: number) => string {
  const [, kind = '', digits = ''] = /^(.*?)(\d{1,15})$/.exec(first) ?? [];
  if (digits === '' || String(Number(digits) + count - 1).length > digits.length)
    throw new CliError(
      `--ident: ${JSON.stringify(first)} is not valid, it takes an ident whose digits count up to ${count}`,
      EXIT.usage,
    );
  return (index) => kind + String(Number(digits) + index).padStart(digits.length, '0');
}

/** An ident that no run before this one had. */
function newIdent({ ident }: Protocol): string {
  const digits = /\d+$/.exec(ident)?.[0] ?? '';
  const run = String(Date.now() % 1e9).padStart(9, '0');
  return (
    ident.slice(0, ident.length - digits.length) + `99${run}0000`.slice(0, digits.length).padEnd(digits.length, '0')
  );
}

function devices(text: string): number {
  const count = wholeNumber(text);
  if (count <= MAX_DEVICES) return count;
  throw new InvalidArgumentError(`It takes a whole number from 1 to ${MAX_DEVICES}.`);
}

function rate(text: string): number {
  if (text === 'max') return Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It takes a number over 0, or max.');
}
