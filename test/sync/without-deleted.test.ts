import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectCassandra, type Session } from '../../src/sync/cassandra.js';
import { openPair, type Pair } from '../../src/sync/pair.js';
import { connectSearch } from '../../src/sync/search.js';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import { newId, openTwoSides, type TwoSides } from './two-sides.js';

describe.skipIf(skipWithout('cassandra', 'opensearch'))('a pair without tombstones', () => {
  let sides: TwoSides;
  let session: Session;
  let pair: Pair;
  const at = Date.now() * 1_000;
  const [id, other] = [newId(), newId()];
  const vehicle = (plate: string) => ({ plate, seats: 1, tags: [] });
  const client = () => connectSearch(sides.config.search);

  beforeAll(async () => {
    sides = await openTwoSides({ tombstones: false });
    session = await connectCassandra(sides.config);
    pair = await started();
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await session?.close();
    await sides?.remove();
  });

  function started(config = sides.config): Promise<Pair> {
    const [first] = config.pairs;
    if (!first) throw new Error('no pair');
    return openPair(first, { session, client: client(), config, now: Date.now, wait: async () => {} });
  }

  it('takes changes both ways', async () => {
    await sides.changeRow(id, at, vehicle('row'));
    await sides.changeDocument(other, at, vehicle('document'));
    await pair.run();
    for (const found of [await sides.rows(), await sides.documents()]) {
      expect(found.get(id)).toEqual(vehicle('row'));
      expect(found.get(other)).toEqual(vehicle('document'));
    }
  });

  it('deletes from the index what was deleted from the table, however often it is run', async () => {
    await sides.changeRow(id, at + 1_000, null, true);
    expect(await pair.run()).toMatchObject({ documentsWritten: 1, refused: 0 });
    expect([...(await sides.documents()).keys()]).toEqual([other]);
    // One that has just started knows nothing of it.
    for (const again of [pair, await started(), await started({ ...sides.config, sweep: 0 })])
      expect(await again.run()).toMatchObject({ rowsWritten: 0, documentsWritten: 0 });
    expect((await sides.search.exists({ index: sides.index, id })).body).toBe(false);
    expect((await sides.rows()).has(id)).toBe(false);
  });

  it('a change after the delete brings it back, on either side; one before does not', async () => {
    await sides.changeDocument(other, at + 5_000, vehicle('later'));
    await sides.changeRow(other, at + 4_000, null, true);
    await sides.changeRow(id, at + 3_000, vehicle('back'));
    await pair.run();
    const [rows, documents] = [await sides.rows(), await sides.documents()];
    expect(documents).toEqual(rows);
    expect(rows.get(id)).toEqual(vehicle('back'));
    expect(rows.get(other)).toEqual(vehicle('later'));
  });

  it('a document that was deleted comes back from its row when everything is compared', async () => {
    await sides.search.delete({ index: sides.index, id });
    await (await started({ ...sides.config, sweep: 0 })).run();
    expect((await sides.documents()).get(id)).toEqual(vehicle('back'));
  });
});
