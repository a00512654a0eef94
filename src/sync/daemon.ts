/** All pairs, run after run, until it is told to end. */
import type { Logger } from '../observe/log.js';
import { connectCassandra, type Session } from './cassandra.js';
import type { PairConfig, SyncConfig } from './config.js';
import { openPair, type Pair } from './pair.js';
import { rebuildPair } from './rebuild-pair.js';
import type { Refusal, Work } from './reconcile.js';
import { connectSearch } from './search.js';
import { loadState, MAX_REFUSED, type RefusedEntry, saveRebuilt, saveState } from './state.js';

export interface Sync {
  /** Runs each pair once; resolves to the errors of those that could not be run to their end, by name. */
  once(): Promise<Map<string, Error>>;
  /** Runs all pairs every interval until `end` is aborted; resolves when the run under way has ended. */
  untilEnd(end: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export interface SyncOptions {
  readonly log: Logger;
  /** UNIX ms. */
  readonly now: () => number;
}

/** Nothing is connected before the first run: a side that is away is waited for. */
export function openSync(config: SyncConfig, { log, now }: SyncOptions): Sync {
  const client = connectSearch(config.search);
  let connected: { readonly session: Session; readonly pairs: readonly Pair[] } | null = null;

  async function connect() {
    const session = await connectCassandra(config);
    const pairs: Pair[] = [];
    for (const pair of config.pairs) pairs.push(await openPair(pair, { session, client, config, now, wait: sleep }));
    return { session, pairs };
  }

  async function once(): Promise<Map<string, Error>> {
    const errors = new Map<string, Error>();
    try {
      connected ??= await connect();
    } catch (error) {
      for (const { name } of config.pairs) {
        errors.set(name, said(error));
        await noteError(name, said(error).message);
      }
      log.warn({ why: said(error).message }, 'not connected: tried again at the next run');
      return errors;
    }
    for (const pair of connected.pairs) {
      try {
        const work = await pair.run();
        if (hasDone(work)) log.info({ pair: pair.name, ...work }, 'in step');
      } catch (error) {
        errors.set(pair.name, said(error));
        log.warn({ pair: pair.name, why: said(error).message }, 'not in step: the next run begins where this one did');
      }
    }
    return errors;
  }

  async function noteError(name: string, why: string): Promise<void> {
    const state = await loadState(config.state, name);
    await saveState(config.state, name, { ...state, error: { at: now(), why } });
  }

  async function untilEnd(end: AbortSignal): Promise<void> {
    while (!end.aborted) {
      const startedAt = now();
      await once();
      await sleep(Math.max(0, config.interval - (now() - startedAt)), end);
    }
  }

  async function close(): Promise<void> {
    await client.close();
    await connected?.session.close();
  }

  return { once, untilEnd, close };
}

/** Fills the index of a pair anew, and sets aside what is refused; resolves to how many documents it has. */
export async function rebuildOne(
  config: SyncConfig,
  pair: PairConfig,
  log: Logger,
  now: () => number,
): Promise<number> {
  const client = connectSearch(config.search);
  const session = await connectCassandra(config);
  const refused = new Map<string, RefusedEntry>();
  const onRefused = ({ id, ...refusal }: Refusal) => {
    log.warn({ id, ...refusal }, 'refused');
    if (refused.size < MAX_REFUSED) refused.set(id, { ...refusal, at: now() });
  };
  try {
    return await rebuildPair(pair, { session, client, config, now, wait: sleep, onRefused });
  } finally {
    if (refused.size > 0) await saveRebuilt(config.state, pair.name, Object.fromEntries(refused));
    await client.close();
    await session.close();
  }
}

function hasDone(work: Work): boolean {
  return work.rowsWritten + work.documentsWritten + work.refused > 0;
}

function said(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function sleep(ms: number, end?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      end?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    end?.addEventListener('abort', done);
    if (end?.aborted) done();
  });
}
