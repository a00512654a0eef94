import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statusOf } from '../../src/sync/control.js';
import { environment, PROGRAM } from '../cli/program.js';
import { addressOf, SERVICE_TIMEOUT, type Service, skipWithout, startCassandra } from '../services/services.js';
import { newId, openTwoSides, type TwoSides } from './two-sides.js';

describe.skipIf(skipWithout('cassandra', 'opensearch'))('the daemon over a node of its own', () => {
  let node: Service;
  let sides: TwoSides;
  let file: string;
  beforeAll(async () => {
    node = await startCassandra({ name: 'sync-away', address: addressOf(8), synced: true });
    sides = await openTwoSides({ node });
    file = join(sides.directory, 'sync.yaml');
    await writeFile(file, sides.yaml);
  }, 2 * SERVICE_TIMEOUT);
  afterAll(async () => {
    await sides?.remove();
    node?.stop();
  });

  const status = async () => (await statusOf(sides.config, Date.now())).pairs[0];
  const isSame = async () => {
    const [rows, documents] = [await sides.rows(), await sides.documents()];
    return JSON.stringify([...rows]) === JSON.stringify([...documents]);
  };

  it('goes on when the node hangs, and when it is killed and comes back: both sides are the same', async () => {
    const child = spawn(process.execPath, [PROGRAM, 'sync', 'run', '--config', file], {
      env: environment(),
      stdio: 'ignore',
    });
    const ended = once(child, 'exit');
    try {
      const ids = Array.from({ length: 10 }, newId);
      let at = Date.now() * 1_000;
      let n = 0;
      const changeDocuments = async (some: readonly string[]) => {
        at = Math.max(at + 1_000, Date.now() * 1_000);
        for (const id of some) await sides.changeDocument(id, at, { plate: `change ${++n}`, seats: n, tags: [] });
      };
      const changeRows = async (some: readonly string[]) => {
        for (const id of some) {
          // Later than the documents, and few in a second.
          at = Math.max(at + 200_000, Date.now() * 1_000);
          await sides.changeRow(id, at, { plate: `change ${++n}`, seats: n, tags: [] });
        }
      };
      await changeRows(ids.slice(0, 5));
      await until(async () => (await sides.documents()).size === 5);

      node.signal('SIGSTOP');
      await changeDocuments(ids.slice(3));
      await until(async () => (await status())?.error !== null);
      node.signal('SIGCONT');
      await until(async () => (await status())?.error === null && (await isSame()));
      expect((await sides.rows()).size).toBe(10);

      await changeRows(ids.slice(0, 2));
      node.signal('SIGKILL');
      await changeDocuments(ids.slice(2));
      await until(async () => (await status())?.error !== null);
      await node.restart();
      await untilItWorks(() => changeRows(ids.slice(4, 6)));
      await until(async () => (await status())?.error === null && (await isSame()));
      const rows = await sides.rows();
      expect([rows.size, new Set([...rows.values()].map(({ plate }) => plate)).size]).toEqual([10, 10]);
      expect(child.exitCode).toBeNull();
    } finally {
      child.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  }, 180_000);
});

async function until(what: () => Promise<boolean>): Promise<void> {
  while (!(await what().catch(() => false))) await sleep(100);
}

/** The driver finds the node again a moment after it is back. */
async function untilItWorks(task: () => Promise<void>): Promise<void> {
  await until(() => task().then(() => true));
}
