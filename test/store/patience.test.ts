import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open.js';
import { withPatience } from '../../src/store/patience.js';
import { NODE_CREATED, type Store, StoreAway, StoreFailed } from '../../src/store/store.js';

const PATIENCE = { patience: 400, retryAfter: 20 };

describe('a store whose reads have patience', () => {
  let directory: string;
  let real: Store;
  /** What reads of nodes meet, one after the other; then they are answered. */
  let faults: Error[];
  let asked: number;
  let patient: Store;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'm2mp-patience-'));
    real = await openStore({ directory, mapSize: 1 << 26, now: Date.now });
    await real.write([{ write: 'status', path: '/a/', status: NODE_CREATED }]);
    faults = [];
    asked = 0;
    const node: Store['node'] = async (path) => {
      asked++;
      const fault = faults.shift();
      if (fault) throw fault;
      return real.node(path);
    };
    patient = withPatience({ ...real, node }, PATIENCE);
  });
  afterEach(async () => {
    await real.close();
    await rm(directory, { recursive: true });
  });
  const away = (times: number) => Array.from({ length: times }, () => new StoreAway('gone'));

  it('answers when it is back', async () => {
    faults = away(3);
    expect(await patient.node('/a/')).toMatchObject({ status: NODE_CREATED });
    expect(asked).toBeGreaterThan(3);
  });

  it('says that it is away when that lasts', async () => {
    faults = away(10_000);
    const started = performance.now();
    await expect(patient.node('/a/')).rejects.toBeInstanceOf(StoreAway);
    const waited = performance.now() - started;
    expect(waited).toBeGreaterThanOrEqual(PATIENCE.patience);
    expect(waited).toBeLessThan(4 * PATIENCE.patience);
  });

  it('is asked by one of those that wait, not by all', async () => {
    const many = 500;
    faults = away(many + 5);
    const answers = await Promise.all(Array.from({ length: many }, () => patient.node('/a/')));
    expect(answers.every((answer) => answer?.status === NODE_CREATED)).toBe(true);
    // Each of them twice, and one of them a few times more.
    expect(asked).toBe(2 * many + 6);
  });

  it('tells at once what no waiting mends', async () => {
    faults = [new StoreFailed('broken')];
    await expect(patient.node('/a/')).rejects.toBeInstanceOf(StoreFailed);
    expect(asked).toBe(1);
  });
});
