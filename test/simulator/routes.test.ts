import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { routeNamed } from '../../src/simulator/routes.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'm2mp-routes-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each(['circle', 'random'])('%s stays on the earth, moves as fast as it says, and is the same each time', (name) => {
  const route = routeNamed(name);
  for (const device of [0, 1, 49_999])
    for (let seconds = 0; seconds < 4_000; seconds += 7) {
      const [here, next] = [route(device, seconds), route(device, seconds + 1)];
      expect(here).toEqual(route(device, seconds));
      expect(Math.abs(here.lat - 48.85)).toBeLessThan(1);
      expect(Math.abs(here.lon - 2.35)).toBeLessThan(1);
      const metres = Math.hypot((next.lat - here.lat) * 111_320, (next.lon - here.lon) * 73_000);
      expect(metres).toBeLessThan((Math.max(here.spd, next.spd) / 3.6) * 1.3 + 3);
    }
});

it('a track of a GPX file is driven along and back', async () => {
  const file = join(folder, 'drive.gpx');
  const points = [0, 1, 2, 3].map((n) => `<trkpt lat="48.${n}" lon='2.${n}'><ele>${n * 10}</ele></trkpt>`);
  await writeFile(file, `<gpx><trk><trkseg>${points.join('\n')}<trkpt lat="49" lon="3"/></trkseg></trk></gpx>`);
  const route = routeNamed(file);
  const lats = Array.from({ length: 9 }, (_, second) => route(0, second).lat);
  expect(new Set(lats)).toEqual(new Set([48, 48.1, 48.2, 48.3, 49]));
  expect(route(0, 8)).toEqual(route(0, 0));
});

it.each([
  ['nowhere', 'circle, random'],
  ['missing.gpx', 'missing.gpx'],
])('%s is refused', (name, what) => {
  expect(() => routeNamed(name)).toThrow(what);
});

it('a track that is none is refused, by what is wrong with it', async () => {
  const file = join(folder, 'wrong.gpx');
  await writeFile(file, '<gpx><trkpt lat="91" lon="2"/></gpx>');
  expect(() => routeNamed(file)).toThrow('track point 1 has no place on the earth');
  await writeFile(file, '<gpx/>');
  expect(() => routeNamed(file)).toThrow('0 track points');
});
