import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { runCopy, stepOf } from '../store/copy/copy.js';
import { beginning, type CopyState, type Findings, readState, removeState, writeState } from '../store/copy/state.js';
import type { KeysOf, Store } from '../store/store.js';
import { CliError } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { type Standing, showProgress } from './progress.js';
import { isThere, type StoreAddress, storeAddress } from './store-address.js';
import { escaped } from './table.js';

interface Options {
  readonly from: string;
  readonly to: string;
  readonly state: string;
  readonly verify?: boolean;
  readonly overwrite?: boolean;
  readonly restart?: boolean;
}

/** Adds `m2mp store copy`: exit code 1 when it was stopped, or when anything differs in the end. */
export function addStoreCopy(verb: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => /^(cassandra-|lmdb-)/.test(key));
  const copy = verb
    .command('copy')
    .description('copy all data from one store to another and compare them; the same again goes on where it was')
    .requiredOption(
      '--from <store>',
      'lmdb:DIR, or cassandra:HOST[,HOST…][/KEYSPACE], of which what is left out is as configured',
    )
    .requiredOption('--to <store>', 'the same, for where it goes: a keyspace must be there (m2mp store init)')
    .option('--state <file>', 'where it is kept how far it is', 'm2mp-copy.json')
    .option('--verify', 'copy nothing: only compare')
    .option('--overwrite', 'copy into a store that holds something already')
    .option('--restart', 'from the beginning, whatever the state says');
  addConfigOptions(copy, options);
  copy.action(async (given: Options) => {
    try {
      const config = loadConfig(protocols, configSources(copy, options));
      const [from, to] = [storeAddress('--from', given.from, config), storeAddress('--to', given.to, config)];
      await run(from, to, given);
    } catch (error) {
      if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
      throw error;
    }
  });
}

async function run(from: StoreAddress, to: StoreAddress, options: Options): Promise<void> {
  if (from.name === to.name) throw new CliError(`--from and --to are the same: ${from.name}`, EXIT.usage);
  for (const one of options.verify ? [from, to] : [from])
    if (!isThere(one)) throw new CliError(`there is no data in ${one.name}`);
  const before = options.restart ? undefined : stateBefore(options, from, to);
  const state = before ?? beginning(workOf(options), from.name, to.name);
  const { openStore } = await import('../store/open.js');
  const source = await openStore(from.options);
  try {
    const target = await openStore(to.options);
    try {
      if (!before && !options.verify && !options.overwrite && (await holdsSomething(target)))
        throw new CliError(`${to.name} holds something already: choose another place, or give --overwrite`);
      await copyOrVerify(source, target, state, options, before !== undefined);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** The state of the same task that did not come to its end; that of another one is kept. */
function stateBefore(options: Options, from: StoreAddress, to: StoreAddress): CopyState | undefined {
  const state = readState(options.state);
  if (!state) return undefined;
  if (state.work === workOf(options) && state.from === from.name && state.to === to.name) return state;
  const other = `${state.work} from ${state.from} to ${state.to}`;
  throw new CliError(`${options.state} is the state of: ${other}. Name another --state, or give --restart`, EXIT.usage);
}

function workOf({ verify }: Options): CopyState['work'] {
  return verify ? 'verify' : 'copy';
}

async function holdsSomething(store: Store): Promise<boolean> {
  for (const of of ['nodes', 'children', 'blocks', 'series'] as const)
    if ((await store.keys(of, undefined, 1)).length > 0) return true;
  return false;
}

async function copyOrVerify(
  source: Store,
  target: Store,
  state: CopyState,
  { state: file }: Options,
  goesOn: boolean,
): Promise<void> {
  const stopped = new AbortController();
  const stop = () => (stopped.signal.aborted ? process.exit(EXIT.failed) : stopped.abort());
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // What is written from here on is known to be ours when it goes on.
  writeState(file, state);
  const shown = showProgress({ standing: standings(state), output: process.stderr });
  if (goesOn) shown.say(`goes on where ${escaped(file)} says; --restart begins anew`);
  let outcome: 'done' | 'stopped';
  try {
    outcome = await runCopy({
      source,
      target,
      state,
      save: (one) => writeState(file, one),
      isStopped: () => stopped.signal.aborted,
      onWaiting: (error) => shown.say(`waits: ${escaped(error.message)}`),
    });
  } finally {
    shown.end();
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
  }
  if (outcome === 'stopped') throw new CliError('stopped: the same command goes on from here');
  removeState(file);
  print(summary(state));
  if (state.differences.count + state.refused.count > 0) throw new CliError(`${state.to} is not as ${state.from}`);
}

const NAMES: Readonly<Record<KeysOf, string>> = {
  nodes: 'nodes',
  children: 'lists of children',
  blocks: 'files',
  series: 'series',
};

/** What is shown of a state, with the readings a second since the last time. */
function standings(state: CopyState): () => Standing {
  const readings = () => state.written.readings + state.verifiedReadings;
  let [count, at, rate] = [readings(), performance.now(), 0];
  return () => {
    const now = performance.now();
    if (now > at) rate = (1_000 * (readings() - count)) / (now - at);
    [count, at] = [readings(), now];
    const step = stepOf(state);
    const what = step ? `${step.does === 'surplus' ? 'look for more' : step.does} ${NAMES[step.of]}` : 'done';
    const { written, verifiedReadings, differences, refused, totals } = state;
    const more = [
      `${written.readings} readings copied, ${verifiedReadings} compared`,
      `${Math.round(rate)}/s`,
      ...(differences.count > 0 ? [`${differences.count} differences`] : []),
      ...(refused.count > 0 ? [`${refused.count} refused`] : []),
    ].join(', ');
    return { what, done: state.done, total: Math.max(state.done, (step && totals?.[step.of]) ?? 0), more };
  };
}

function summary({ work, written, verifiedReadings, totals, differences, refused }: CopyState): string {
  const lines: string[] = [];
  if (work === 'copy')
    lines.push(
      `copied    ${written.readings} readings, ${written.nodes} nodes, ${written.children} children, ${written.blocks} blocks of files`,
    );
  const { nodes = 0, series = 0 } = totals ?? {};
  const verdict = differences.count === 0 ? 'no differences' : `${differences.count} differences`;
  lines.push(`compared  ${verifiedReadings} readings of ${series} series, ${nodes} nodes: ${verdict}`);
  lines.push(...list(differences), ...(refused.count > 0 ? [`refused   ${refused.count}`, ...list(refused)] : []));
  return `${lines.join('\n')}\n`;
}

function list({ count, first }: Findings): string[] {
  const lines = first.map((one) => `          ${escaped(one)}`);
  return count > first.length ? [...lines, `          and ${count - first.length} more`] : lines;
}
