/** One pair, run by run: what changed on either side since the common point, or now and then everything. */
import type { Client } from '@opensearch-project/opensearch';
import type { Session } from './cassandra.js';
import { isUuid } from './columns.js';
import type { PairConfig, SyncConfig } from './config.js';
import { openDocuments } from './documents.js';
import { createDone } from './done.js';
import { ensureIndex } from './mapping.js';
import { noWork, reconcile, type Sides, type Work } from './reconcile.js';
import { loadRebuilt, loadState, type PairState, removeRebuilt, saveState, setAside } from './state.js';
import { openTable } from './table.js';

export interface Pair {
  readonly name: string;
  readonly state: PairState;
  /**
   * Takes what changed on either side to the other; resolves to what it cost. When it rejects the common point stays
   * where it was, and the next run begins there.
   */
  run(): Promise<Work>;
}

export interface PairOptions {
  readonly session: Session;
  readonly client: Client;
  readonly config: Pick<SyncConfig, 'state' | 'overlap' | 'sweep' | 'batch'>;
  /** UNIX ms. */
  readonly now: () => number;
  readonly wait: (ms: number) => Promise<void>;
}

export async function openPair(pair: PairConfig, options: PairOptions): Promise<Pair> {
  const { session, client, config, now } = options;
  const state = await loadState(config.state, pair.name);
  const table = openTable(session, pair);
  let work = noWork();
  const documents = openDocuments(client, pair, {
    wait: options.wait,
    onRetry(count) {
      work.retried += count;
    },
  });
  const done = createDone(now);
  let isChecked = false;

  function sidesOf(states: ReadonlyMap<string, string>): Sides {
    return {
      table,
      documents,
      work,
      onRefused({ id, to, version, why }) {
        if (state.refused[id]?.version !== version) setAside(state, id, { to, version, why, at: now() });
        done.same(id, states.get(id) ?? null);
      },
      onSame(id, at) {
        delete state.refused[id];
        done.same(id, at ?? states.get(id) ?? null);
      },
    };
  }

  /** Only UUIDs can be rows. */
  function pairable(states: ReadonlyMap<string, string>): Map<string, string> {
    const ids = new Map<string, string>();
    for (const [id, at] of states) {
      if (isUuid(id) && id === id.toLowerCase()) ids.set(id, at);
      else if (!state.refused[id]) {
        work.refused++;
        setAside(state, id, { to: 'table', version: 0, why: 'its id is no UUID in lower case', at: now() });
      }
    }
    return ids;
  }

  async function takeDocuments(since: number | null): Promise<void> {
    for await (const page of documents.changed(since, config.batch)) {
      const states = pairable(page);
      if (since !== null) for (const [id, at] of states) if (done.isDocumentDone(id, at)) states.delete(id);
      const none = new Map([...states.keys()].map((id) => [id, 0]));
      if (none.size > 0) await reconcile(sidesOf(states), none);
    }
  }

  async function takeChanges(since: number): Promise<void> {
    for await (const listed of table.changed(since, config.batch)) {
      for (const [id, at] of listed) if (done.isChangeDone(id, at)) listed.delete(id);
      if (listed.size > 0) await reconcile(sidesOf(new Map()), listed);
    }
  }

  async function takeRows(): Promise<void> {
    for await (const rows of table.all(config.batch)) {
      work.rowsRead += rows.size;
      const none = new Map([...rows.keys()].map((id) => [id, 0]));
      await reconcile(sidesOf(new Map()), none, rows);
    }
  }

  async function step(startedAt: number): Promise<void> {
    if (!isChecked) {
      await table.check();
      await ensureIndex(client, pair);
      isChecked = true;
    }
    const sweeps = state.point === null || state.swept === null || startedAt - state.swept >= config.sweep;
    // A row that is gone is told from one that never was by being listed.
    const since = (state.point ?? startedAt) - config.overlap;
    await takeChanges(since);
    await takeDocuments(sweeps ? null : since);
    if (sweeps) await takeRows();
    state.point = startedAt;
    if (sweeps) state.swept = startedAt;
  }

  async function run(): Promise<Work> {
    const startedAt = now();
    work = noWork();
    const rebuilt = Object.entries(await loadRebuilt(config.state, pair.name));
    for (const [id, entry] of rebuilt) setAside(state, id, entry);
    try {
      await step(startedAt);
      state.ranAt = now();
      state.error = null;
      state.runs++;
    } catch (error) {
      state.error = { at: now(), why: error instanceof Error ? error.message : String(error) };
      throw error;
    } finally {
      for (const [name, count] of Object.entries(work)) state.work[name] = (state.work[name] ?? 0) + count;
      await saveState(config.state, pair.name, state);
      if (rebuilt.length > 0) await removeRebuilt(config.state, pair.name);
    }
    return work;
  }

  return { name: pair.name, state, run };
}
