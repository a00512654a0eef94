/** A track in fewer points: those that its shape turns on are kept, by Douglas and Peucker's method. */
import { lineString } from '@turf/helpers';
import { simplify } from '@turf/simplify';
import { type Place, shortWay } from './places.js';

/** Points of a simplified track at the most. */
export const MAX_POINTS = 2_000;
/** Points that are held meanwhile, as a multiple of those that are wanted. */
const HELD = 4;
/** Degrees that the first try may be off by, about a metre; each further one doubles it. */
const FIRST_TOLERANCE = 1e-5;
/** Tries between a tolerance that keeps too many points and one that keeps few enough. */
const HALVINGS = 10;

export interface Simplifier<Point extends Place> {
  /** Takes the next point of the track. */
  add(point: Point): void;
  /** At most as many points as are wanted; the first and the last are always among them. */
  points(): Point[];
}

/** Simplifies while a track passes by: however long it is, four times the points that are `wanted` are held. */
export function createSimplifier<Point extends Place>(wanted: number): Simplifier<Point> {
  let held: Point[] = [];
  let tolerance = 0;

  return {
    add(point) {
      held.push(point);
      if (held.length <= Math.max(2, wanted) * HELD) return;
      const reduced = reducedTo(held, Math.max(2, wanted) * (HELD / 2), tolerance);
      // The next time begins where this one ended: a tolerance that is right at once is one try.
      tolerance = reduced.tolerance;
      held = reduced.points;
    },
    points() {
      const few = reducedTo(held, Math.max(2, wanted), tolerance);
      return few.tolerance > tolerance ? finest(held, Math.max(2, wanted), few) : few.points;
    },
  };
}

interface Reduced<Point> {
  readonly points: Point[];
  readonly tolerance: number;
}

/** With the first tolerance from `least` on, doubled again and again, that leaves few enough. */
function reducedTo<Point extends Place>(points: readonly Point[], most: number, least: number): Reduced<Point> {
  if (points.length <= most) return { points: [...points], tolerance: least };
  for (let tolerance = least || FIRST_TOLERANCE; ; tolerance *= 2) {
    const left = kept(points, tolerance);
    if (left.length <= most) return { points: left, tolerance };
  }
}

/** The doubled tolerance may have gone too far: the least that still leaves few enough. */
function finest<Point extends Place>(points: readonly Point[], wanted: number, few: Reduced<Point>): Point[] {
  let [low, high] = [few.tolerance / 2, few.tolerance];
  let best = few.points;
  for (let n = 0; n < HALVINGS; n++) {
    const middle = (low + high) / 2;
    const left = kept(points, middle);
    if (left.length > wanted) low = middle;
    else {
      high = middle;
      best = left;
    }
  }
  return best;
}

/** Points that remain where the line may be off by `tolerance`, in degrees of latitude. */
function kept<Point extends Place>(points: readonly Point[], tolerance: number): Point[] {
  const first = points[0];
  if (!first || points.length <= 2) return [...points];
  // A degree of longitude is shorter away from the equator; and over the 180th meridian the line goes on.
  const width = Math.max(0.01, Math.cos((first.lat * Math.PI) / 180));
  let lon = first.lon;
  const flat = points.map((point, at) => {
    lon += shortWay(point.lon - lon);
    return [lon * width, point.lat, at];
  });
  const { geometry } = simplify(lineString(flat), { tolerance, highQuality: true, mutate: true });
  return geometry.coordinates.flatMap(([, , at = -1]) => points[at] ?? []);
}
