/** Connections to Cassandra that end or hang under requests of all kinds: each is trouble that is waited out. */
import { setTimeout as passed } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect, type Session, type Statement } from '../../../src/store/cassandra/session.js';
import { StoreAway } from '../../../src/store/store.js';
import { type Door, doorTo } from '../../durability/door.js';
import { SERVICE_TIMEOUT, skipWithout } from '../../services/services.js';
import { type Cluster, openCluster } from './keyspaces.js';

/** How often connections are lost. */
const LOSSES = 40;
/** Requests of each kind that are under way at any time. */
const UNDER_WAY = 8;

describe.skipIf(skipWithout('cassandra'))('a session whose connections are lost', () => {
  let cluster: Cluster;
  let door: Door;
  let session: Session;
  beforeAll(async () => {
    cluster = await openCluster();
    door = await doorTo(cluster.session.contactPoints[0] ?? '', 9_042);
    session = await connect({ ...cluster.session, contactPoints: [door.address] });
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await session?.close();
    door?.close();
    await cluster?.close();
  });

  it('says StoreAway of whatever the driver says, and answers again', async () => {
    const odd = new Map<string, number>();
    let isOver = false;
    let answered = 0;
    let away = 0;
    const read = async (statement: Statement) => {
      for await (const _ of session.read(statement)) return;
    };
    let prepared = 0;
    // Statements that differ are prepared one by one: connections are lost under that, too.
    const preparing = () =>
      read({ query: `SELECT key, ${'key, '.repeat(prepared++ % 200)}key FROM system.local`, params: [] });
    const known = () => read({ query: 'SELECT key FROM system.local WHERE key = ?', params: ['local'] });
    const unprepared = () => session.once({ query: 'SELECT key FROM system.local', params: [] });
    const again = async (task: () => Promise<unknown>) => {
      while (!isOver)
        await task().then(
          () => answered++,
          async (error: unknown) => {
            if (error instanceof StoreAway) away++;
            else {
              const text = error instanceof Error ? `${error.constructor.name}: ${error.stack}` : String(error);
              odd.set(text, (odd.get(text) ?? 0) + 1);
            }
            await passed(5);
          },
        );
    };
    const all = [preparing, known, unprepared].flatMap((task) => Array.from({ length: UNDER_WAY }, () => again(task)));
    for (let loss = 0; loss < LOSSES; loss++) {
      await passed(20 + 15 * (loss % 7));
      door.shut((['broken', 'mute', 'silent'] as const)[loss % 3] ?? 'broken');
      await passed(10 * (loss % 11));
      door.open();
    }
    const before = answered;
    while (answered < before + 100) await passed(50);
    isOver = true;
    await Promise.all(all);
    expect([...odd]).toEqual([]);
    expect(away).toBeGreaterThan(0);
  }, 120_000);
});
