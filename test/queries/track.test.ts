import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimplifier } from '../../src/queries/simplify.js';
import { createTrack, MAX_STOPS, metres, type TrackPoint } from '../../src/queries/track.js';

const START = Date.UTC(2026, 10, 20, 12);
/** Degrees of latitude that are a metre. */
const METRE = 1 / 111_195;
const RULE = { radius: 50, least: 180_000 };

function summaryOf(points: readonly TrackPoint[]) {
  const track = createTrack(RULE);
  for (const point of points) track.add(point);
  return track.summary();
}

/** North along a meridian: at this second it is so many metres from the start. */
function at(second: number, north: number, lon = 2): TrackPoint {
  return { time: START + second * 1_000, lat: 48 + north * METRE, lon };
}

describe('a track', () => {
  it('of nothing is nothing, of one place has no length', () => {
    const none = { places: 0, from: null, to: null, distance: 0, moving: 0, stops: [], stopCount: 0 };
    expect(summaryOf([])).toEqual(none);
    expect(summaryOf([at(0, 0)])).toEqual({ ...none, places: 1, from: START, to: START });
  });

  it('is as long as the way, and moves from the first place to the last', () => {
    const { distance, moving, stops } = summaryOf(Array.from({ length: 101 }, (_, n) => at(n * 10, n * 100)));
    expect(distance).toBeCloseTo(10_000, -1);
    expect(moving).toBe(1_000_000);
    expect(stops).toEqual([]);
  });

  it('stops where places stay near each other for long, and what they wander meanwhile is no way', () => {
    const there = Array.from({ length: 11 }, (_, n) => at(n * 10, n * 100));
    const standing = Array.from({ length: 60 }, (_, n) => at(110 + n * 10, 1_000 + (n % 2) * 20));
    const back = Array.from({ length: 10 }, (_, n) => at(710 + n * 10, 900 - n * 100));
    const { distance, moving, stops, stopCount } = summaryOf([...there, ...standing, ...back]);
    expect(stopCount).toBe(1);
    expect(stops[0]).toMatchObject({ from: START + 100_000, to: START + 700_000, lon: 2 });
    expect(metres(stops[0] ?? at(0, 0), at(0, 1_010))).toBeLessThan(5);
    expect(Math.abs(distance - 2_000)).toBeLessThan(50);
    expect(moving).toBe(100_000 + 100_000);
  });

  it('short waits are no stops, and gaps are moves only where their ends lie apart', () => {
    const wait = [at(0, 0), at(60, 500), at(120, 510), at(180, 500), at(240, 1_000)];
    expect(summaryOf(wait)).toMatchObject({ stopCount: 0, moving: 240_000 });
    expect(summaryOf([at(0, 0), at(3_600, 20)])).toMatchObject({ stopCount: 1, moving: 0, distance: 0 });
    expect(summaryOf([at(0, 0), at(3_600, 5_000)])).toMatchObject({ stopCount: 0, moving: 3_600_000 });
  });

  it('goes on over longitude 180', () => {
    const points = [179.999, -179.999, 179.9998].map((lon, n) => ({ time: START + n * 100_000, lat: 0, lon }));
    expect(summaryOf(points).distance).toBeLessThan(500);
    const standing = [179.9999, -179.9999, -179.9999].map((lon, n) => ({ time: START + n * 100_000, lat: 0, lon }));
    expect(Math.abs(summaryOf(standing).stops[0]?.lon ?? 0)).toBeGreaterThan(179.99);
  });

  it('has so many stops and no more, but counts them all', () => {
    const points = Array.from({ length: 2_200 }, (_, n) => [
      at(n * 1_000, n * 500),
      at(n * 1_000 + 300, n * 500),
    ]).flat();
    const { stops, stopCount } = summaryOf(points);
    expect(stops).toHaveLength(MAX_STOPS);
    expect(stopCount).toBe(2_200);
  });

  it('says the same however often it is asked meanwhile', () => {
    const points = fc.array(fc.tuple(fc.integer({ min: 1, max: 400 }), fc.integer({ min: -80, max: 80 })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(points, (steps) => {
        let [second, north] = [0, 0];
        const all = steps.map(([seconds, metresOn]) => {
          second += seconds;
          north += metresOn;
          return at(second, north);
        });
        const asked = createTrack(RULE);
        for (const point of all) {
          asked.add(point);
          asked.summary();
        }
        expect(asked.summary()).toEqual(summaryOf(all));
        const { moving, stops } = asked.summary();
        const stood = stops.reduce((sum, { from, to }) => sum + to - from, 0);
        expect(moving + stood).toBe((all.at(-1)?.time ?? 0) - (all[0]?.time ?? 0));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a simplified track', () => {
  const simplified = (points: readonly TrackPoint[], wanted: number) => {
    const simplifier = createSimplifier<TrackPoint>(wanted);
    for (const point of points) simplifier.add(point);
    return simplifier.points();
  };

  it('has at most the points that are wanted, in order, the first and the last among them', () => {
    const step = fc.tuple(
      fc.double({ min: -0.01, max: 0.01, noNaN: true }),
      fc.double({ min: -0.01, max: 0.01, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 400 }),
        fc.integer({ min: 2, max: 40 }),
        (steps, wanted) => {
          let [lat, lon] = [48, 179.99];
          const all = steps.map(([north, east], n) => {
            lat += north;
            lon += east;
            return { time: n, lat, lon: lon > 180 ? lon - 360 : lon };
          });
          const points = simplified(all, wanted);
          expect(points.length).toBeLessThanOrEqual(wanted);
          expect(points[0]).toBe(all[0]);
          expect(points.at(-1)).toBe(all.at(-1));
          expect(points.map(({ time }) => time)).toEqual([...points.map(({ time }) => time)].sort((a, b) => a - b));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('keeps the corners of a way, however many places lie between them', () => {
    const corners = [
      [48, 2],
      [48.1, 2],
      [48.1, 2.2],
      [48, 2.2],
    ] as const;
    const all = corners.slice(1).flatMap(([lat, lon], leg) => {
      const [fromLat, fromLon] = corners[leg] ?? [0, 0];
      return Array.from({ length: 3_000 }, (_, n) => {
        const part = (n + 1) / 3_000;
        return { time: leg * 3_000 + n, lat: fromLat + (lat - fromLat) * part, lon: fromLon + (lon - fromLon) * part };
      });
    });
    const points = simplified(all, 10);
    for (const [lat, lon] of corners.slice(1))
      expect(
        points.some((point) => metres(point, { lat, lon }) < 10),
        `${lat} ${lon}`,
      ).toBe(true);
  });
});
