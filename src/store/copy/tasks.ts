/** Copies what belongs to one key: a node, its children, its blocks, or a series. */
import type { KeysOf, ReadingWrite, Row, Store, Write } from '../store.js';
import { type CopyState, note, type Progress } from './state.js';

/** Writes of one batch, and their bytes, of each key that is worked on. */
export const MAX_BATCH_WRITES = 1_000;
export const MAX_BATCH_BYTES = 256 * 1_024;

export interface Copying {
  readonly source: Store;
  readonly target: Store;
  readonly state: CopyState;
  readonly isStopped: () => boolean;
  /** Told whenever the state has changed within a key. */
  readonly onProgress: () => void;
}

type Task = (copying: Copying, key: string, before: Progress | undefined) => Promise<void>;

/** Each of them may be done again, from the beginning or from where it was; when it is stopped it just ends. */
export const copyTasks: Readonly<Record<KeysOf, Task>> = {
  nodes: copyNode,
  children: copyChildren,
  blocks: copyBlocks,
  series: copySeries,
};

async function copyNode(copying: Copying, path: string): Promise<void> {
  const node = await copying.source.node(path);
  if (!node) return;
  const batch = createBatch(copying);
  if (node.status !== 0) await batch.add({ write: 'status', path, status: node.status }, 0);
  for (const [name, value] of node.values) await batch.add({ write: 'value', path, name, value }, value.length);
  await batch.write();
  copying.state.written.nodes++;
}

async function copyChildren(copying: Copying, path: string): Promise<void> {
  for await (const page of childrenOf(copying.source, path)) {
    if (copying.isStopped()) return;
    await write(
      copying,
      page.map((name) => ({ write: 'child', path, name })),
    );
    copying.state.written.children += page.length;
  }
}

/** Names of all children, by pages. */
export async function* childrenOf(store: Store, path: string): AsyncIterable<string[]> {
  let page = await store.children(path, undefined, MAX_BATCH_WRITES);
  while (page.length > 0) {
    yield page;
    page = await store.children(path, page.at(-1), MAX_BATCH_WRITES);
  }
}

async function copyBlocks(copying: Copying, path: string): Promise<void> {
  for (const block of await copying.source.blocks(path)) {
    if (copying.isStopped()) return;
    const data = await copying.source.block(path, block);
    if (!data) continue;
    await write(copying, [{ write: 'block', path, block, data }]);
    copying.state.written.blocks++;
  }
}

/** Period by period, the newest first, and each from its oldest reading on. */
async function copySeries(copying: Copying, id: string, before: Progress | undefined): Promise<void> {
  const { source, state, isStopped, onProgress } = copying;
  const at = before === 'done' ? undefined : before;
  for (const period of periodsFrom(await source.periods(id, undefined), at?.period)) {
    const from = at?.period === period && at.time !== null ? Buffer.from(at.time, 'hex') : undefined;
    const batch = createBatch(copying, (last, count) => {
      state.written.readings += count;
      if (last.write !== 'reading') return;
      state.begun.set(id, { period, time: Buffer.from(last.time).toString('hex') });
      onProgress();
    });
    const rows = source.rows({ id, type: undefined, period, from, to: undefined, order: 'oldest', expires: true });
    for await (const row of rows) {
      await batch.add(readingOf(id, period, row), row.data.length);
      if (isStopped()) return;
    }
    await batch.write();
  }
}

function readingOf(id: string, period: string, row: Row): ReadingWrite {
  const { type, time, data, received, expires = 0 } = row;
  return { write: 'reading', id, type, period, time, data, received, expires };
}

/** Newest first, from one on: months and days have one order, that of their texts. */
export function periodsFrom(periods: readonly string[], from: string | undefined): string[] {
  const sorted = [...periods].sort((a, b) => (a < b ? 1 : -1));
  return from === undefined ? sorted : sorted.filter((period) => period <= from);
}

interface Batch {
  /** `size` is what it takes, in bytes, roughly. */
  add(write: Write, size: number): Promise<void>;
  write(): Promise<void>;
}

/** `onWritten` is told when writes are durable: the last of them, and how many. */
function createBatch(copying: Copying, onWritten: (last: Write, count: number) => void = () => {}): Batch {
  let gathered: Write[] = [];
  let bytes = 0;

  async function writeAll(): Promise<void> {
    const last = gathered.at(-1);
    if (!last) return;
    await write(copying, gathered);
    onWritten(last, gathered.length);
    gathered = [];
    bytes = 0;
  }

  async function add(one: Write, size: number): Promise<void> {
    gathered.push(one);
    bytes += size;
    if (gathered.length >= MAX_BATCH_WRITES || bytes >= MAX_BATCH_BYTES) await writeAll();
  }

  return { add, write: writeAll };
}

/** What the target can never take, such as a key that is too long for it, is left out and named. */
async function write({ target, state }: Pick<Copying, 'target' | 'state'>, batch: readonly Write[]): Promise<void> {
  try {
    await target.write(batch);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const [only] = batch;
    if (only && batch.length === 1) note(state.refused, `${whatIs(only)}: ${error.message}`);
    else for (const one of batch) await write({ target, state }, [one]);
  }
}

function whatIs(write: Write): string {
  if ('path' in write) return `${write.write} of ${JSON.stringify(write.path)}`;
  return `${'type' in write ? `${JSON.stringify(write.type)} of ` : ''}series ${JSON.stringify(write.id)}, ${write.period}`;
}
