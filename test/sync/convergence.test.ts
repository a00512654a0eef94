import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLog } from '../../src/observe/log.js';
import { connectCassandra, type Session } from '../../src/sync/cassandra.js';
import { statusOf } from '../../src/sync/control.js';
import { rebuildOne } from '../../src/sync/daemon.js';
import { openPair, type Pair } from '../../src/sync/pair.js';
import { connectSearch } from '../../src/sync/search.js';
import { SERVICE_TIMEOUT, skipWithout } from '../services/services.js';
import { newId, openTwoSides, type TwoSides, type Vehicle } from './two-sides.js';

const vehicle = fc.option(
  fc.record({
    plate: fc.string({ minLength: 1, maxLength: 8 }),
    seats: fc.option(fc.integer({ min: 0, max: 99 })),
    tags: fc.uniqueArray(fc.constantFrom('red', 'blue', 'old'), { maxLength: 3 }),
  }),
  { freq: 5 },
);
const change = fc.record({
  who: fc.constantFrom('row', 'hard', 'document', 'document'),
  which: fc.integer({ min: 0, max: 3 }),
  vehicle,
  /** Milliseconds by which its clock is wrong. */
  skew: fc.integer({ min: -500, max: 500 }),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;
/** A run of the daemon that breaks off at its nth request of either side, or does not. */
const run = fc.record({ run: fc.constant(true), breaksOff: fc.option(fc.integer({ min: 1, max: 12 })) });
const history = fc.array(fc.oneof({ weight: 4, arbitrary: change }, { weight: 1, arbitrary: run }), {
  minLength: 5,
  maxLength: 25,
});

describe.skipIf(skipWithout('cassandra', 'opensearch'))('an index and a table', () => {
  let sides: TwoSides;
  let session: Session;
  const client = () => connectSearch(sides.config.search);
  beforeAll(async () => {
    sides = await openTwoSides();
    session = await connectCassandra(sides.config);
  }, SERVICE_TIMEOUT);
  afterAll(async () => {
    await session?.close();
    await sides?.remove();
  });

  /** A pair as a daemon that has just been started has it. */
  function started(within: Session = session, over = sides.config): Promise<Pair> {
    return openPair(over.pairs[0]!, {
      session: within,
      client: client(),
      config: over,
      now: Date.now,
      wait: () => Promise.resolve(),
    });
  }

  it('are the same after any changes on both sides, and the newest change of each is what they say', async () => {
    let clock = Date.now();
    await fc.assert(
      fc.asyncProperty(history, fc.boolean(), async (steps, versioned) => {
        const ids = Array.from({ length: 4 }, newId);
        const newest = new Map<string, { at: number; vehicle: Vehicle | null }>();
        let pair = await started();
        for (const step of steps) {
          if ('run' in step) {
            if (step.breaksOff === null) await pair.run();
            else {
              await (await started(breakingOff(session, step.breaksOff))).run().catch(() => {});
              pair = await started();
            }
            continue;
          }
          clock += 100;
          const at = timeOf(step, clock, versioned);
          await carryOut(step, ids[step.which]!, at, versioned);
          const before = newest.get(ids[step.which]!);
          const said = step.who === 'hard' ? null : step.vehicle;
          if (!before || at > before.at) newest.set(ids[step.which]!, { at, vehicle: said });
        }
        await pair.run();
        const [rows, documents] = [await sides.rows(), await sides.documents()];
        for (const id of ids) {
          expect(documents.get(id), id).toEqual(rows.get(id));
          expect(rows.get(id) ?? null, id).toEqual(normal(newest.get(id)?.vehicle ?? null));
        }
        expect(await pair.run()).toMatchObject({ rowsWritten: 0, documentsWritten: 0 });
      }),
      { numRuns: 10, endOnFailure: true },
    );
  }, 120_000);

  /** Whoever writes documents without a version overwrites what is there, and says that his is the newest. */
  function timeOf({ who, skew }: Change, clock: number, versioned: boolean): number {
    return (who === 'document' && !versioned ? clock + 600 : clock + skew) * 1_000 + (clock % 997);
  }

  async function carryOut({ who, vehicle }: Change, id: string, at: number, versioned: boolean): Promise<void> {
    if (who === 'row') await sides.changeRow(id, at, vehicle);
    else if (who === 'hard') await sides.changeRow(id, at, null, true);
    else await sides.changeDocument(id, at, vehicle, versioned);
  }

  it('a thing that one side refuses is set aside with the reason, and the rest goes on', async () => {
    const [wrong, right, strange] = [newId(), newId(), newId()];
    const at = Date.now() * 1_000;
    const updated = Math.floor(at / 1_000);
    await sides.search.index({ index: sides.index, id: wrong, body: { plate: 'A', tags: 'x', updated } });
    await sides.search.index({ index: sides.index, id: 'no-uuid', body: { plate: 'B', updated } });
    await sides.changeDocument(right, at, { plate: 'C', seats: 3, tags: [] });
    await sides.changeRow(strange, at, { plate: 'D', seats: 4, tags: [] });
    const pair = await started();
    await pair.run();
    expect((await sides.rows()).get(right)).toMatchObject({ plate: 'C' });
    expect((await sides.documents()).get(strange)).toMatchObject({ plate: 'D' });
    expect(pair.state.refused[wrong]).toMatchObject({ to: 'table', why: expect.stringContaining('tags: "x"') });
    expect(pair.state.refused['no-uuid']?.why).toContain('UUID');
    // Once it is put right it is set aside no more.
    await sides.changeDocument(wrong, at + 2_000_000, { plate: 'A', seats: 1, tags: ['x'] });
    await pair.run();
    expect(pair.state.refused[wrong]).toBeUndefined();
    expect((await sides.rows()).get(wrong)?.tags).toEqual(['x']);
    expect((await (await started()).run()).refused).toBe(0);
  });

  it('fields that are not paired stay when the row changes', async () => {
    const id = newId();
    const at = Date.now() * 1_000;
    const body = { plate: 'A', updated: at / 1_000, colour: { hue: 7 } };
    await sides.search.index({ index: sides.index, id, body });
    const pair = await started();
    await pair.run();
    await sides.changeRow(id, at + 1_000, { plate: 'B', seats: null, tags: [] });
    await pair.run();
    const { body: found } = await sides.search.get({ index: sides.index, id });
    expect(found._source).toMatchObject({ plate: 'B', colour: { hue: 7 } });
  });

  it('the index is filled anew while it is asked and written, first as an index, then behind its alias', async () => {
    const at = Date.now() * 1_000;
    const [row, document, meanwhile] = [newId(), newId(), newId()];
    await sides.changeRow(row, at, { plate: 'row', seats: 1, tags: [] });
    const body = { plate: 'document', updated: at / 1_000, shade: 'red' };
    await sides.search.index({ index: sides.index, id: document, body });
    await sides.search.index({ index: sides.index, id: 'no-row', body });
    await (await started()).run();
    for (const n of [1, 2]) {
      // Only in the index yet.
      await sides.changeDocument(meanwhile, at + n * 1_000, { plate: `meanwhile ${n}`, seats: 3, tags: [] });
      const log = createLog({ level: 'silent', format: 'json' });
      expect(await rebuildOne(sides.config, sides.config.pairs[0]!, log, Date.now)).toBeGreaterThan(2);
      const { body: aliases } = await sides.search.indices.getAlias({ name: sides.index });
      expect(Object.keys(aliases)).toHaveLength(1);
      const [rows, documents] = [await sides.rows(), await sides.documents()];
      for (const [id, vehicle] of rows) expect(documents.get(id), id).toEqual(vehicle);
      expect(documents.get(meanwhile)?.plate).toBe(`meanwhile ${n}`);
      expect(documents.has('no-row')).toBe(true);
      const { body: kept } = await sides.search.get({ index: sides.index, id: document });
      expect(kept._source).toMatchObject({ shade: 'red' });
    }
  }, 60_000);

  it('what a new mapping rejects is set aside with the reason when the index is filled anew, and kept', async () => {
    const own = await openTwoSides();
    try {
      const at = Date.now() * 1_000;
      const [wrong, right, alone] = [newId(), newId(), newId()];
      // Patterns of names, as whoever changes a mapping puts them.
      const name = own.index;
      await own.search.indices.putTemplate({
        name,
        body: { index_patterns: [`${name}-*`], mappings: { properties: { shade: { type: 'integer' } } } },
      });
      const put = (id: string, body: object) => own.search.index({ index: own.index, id, body });
      await own.changeRow(right, at, { plate: 'right', seats: 1, tags: [] });
      await put(wrong, { plate: 'wrong', updated: at / 1_000, shade: 'red' });
      await put('no-row', { plate: 'no row', updated: at / 1_000, shade: 'blue' });
      // Of no place in the table, and nothing that the new index rejects.
      await put(alone, { plate: 'alone', tags: 'x', updated: at / 1_000, shade: 7 });
      await put('right-too', { plate: 'right too', updated: at / 1_000 });
      const log = createLog({ level: 'silent', format: 'json' });
      expect(await rebuildOne(own.config, own.config.pairs[0]!, log, Date.now)).toBe(1);
      const documents = await own.documents();
      expect([...documents.keys()].sort()).toEqual([right, alone, 'right-too'].sort());
      for (const id of [wrong, 'no-row']) {
        const { body } = await own.search.get({ index: `${own.index}-refused`, id });
        expect(body._source).toMatchObject({
          why: expect.stringContaining('shade'),
          source: { shade: id === wrong ? 'red' : 'blue' },
        });
      }
      expect((await own.rows()).get(wrong)?.plate).toBe('wrong');
      // In the status at once, and after the next run of a daemon.
      const [pair] = [
        await openPair(own.config.pairs[0]!, {
          session,
          client: client(),
          config: own.config,
          now: Date.now,
          wait: () => Promise.resolve(),
        }),
      ];
      for (const moment of ['at once', 'after a run']) {
        const [status] = (await statusOf(own.config, Date.now())).pairs;
        const refused = new Map(status?.lastRefused.map((one) => [one.id, one]));
        expect(refused.get('no-row'), moment).toMatchObject({ to: 'index', why: expect.stringContaining('shade') });
        expect(refused.get(alone), moment).toMatchObject({ to: 'table', why: expect.stringContaining('tags') });
        await pair.run();
      }
      // Its row is what the next run takes to the index.
      expect((await own.documents()).get(wrong)?.plate).toBe('wrong');
    } finally {
      await own.search.indices.deleteTemplate({ name: own.index }, { ignore: [404] });
      await own.remove();
    }
  }, 60_000);

  it('what was not listed is made good when everything is compared', async () => {
    const id = newId();
    await sides.cassandra.execute(`INSERT INTO ${sides.keyspace}.vehicles (id, plate) VALUES (${id}, 'E')`);
    await (await started()).run();
    expect((await sides.documents()).has(id)).toBe(false);
    await (await started(session, { ...sides.config, sweep: 0 })).run();
    expect((await sides.documents()).get(id)?.plate).toBe('E');
  });
});

/** The session until its nth request, from which on it is gone. */
function breakingOff(session: Session, requests: number): Session {
  let left = requests;
  return new Proxy(session, {
    get(target, name: keyof Session) {
      const method = target[name];
      if (typeof method !== 'function') return method;
      return (...parameters: never[]) => {
        if (left-- <= 0) throw new Error('gone');
        return Reflect.apply(method, target, parameters);
      };
    },
  });
}

function normal(vehicle: Vehicle | null): Vehicle | null {
  return vehicle && { ...vehicle, tags: [...vehicle.tags].sort() };
}
