/** Where simulated devices drive: the place after so many seconds, the same each time it is asked. */
import { readFileSync } from 'node:fs';

/** Degrees WGS 84, km/h, metres. */
export interface Place {
  readonly lat: number;
  readonly lon: number;
  readonly spd: number;
  readonly alt: number;
}

/** The place of device `index` (from 0) after `seconds` on its way. */
export type Route = (index: number, seconds: number) => Place;

/** A route that cannot be: the message says what was given and what is taken. */
export class RouteError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RouteError';
  }
}

/** Points of a track that are kept at the most. */
export const MAX_TRACK_POINTS = 1_000_000;

/** `circle`, `random`, or the name of a GPX file. Throws `RouteError`. */
export function routeNamed(name: string): Route {
  if (name === 'circle') return circle;
  if (name === 'random') return random;
  if (!name.toLowerCase().endsWith('.gpx'))
    throw new RouteError(`${JSON.stringify(name)} is no route; there are circle, random, and files such as drive.gpx`);
  let text: string;
  try {
    text = readFileSync(name, 'utf8');
  } catch (error) {
    throw new RouteError(`${name}: ${error instanceof Error ? error.message : error}`);
  }
  return along(pointsOf(name, text));
}

const METRES_A_DEGREE = 111_320;
/** Around this place drive those that have no track of their own. */
const CENTRE = { lat: 48.8566, lon: 2.3522 };

/** Around a circle of 1 to 5 km at 30 to 90 km/h, each device its own. */
function circle(index: number, seconds: number): Place {
  const radius = 1_000 + 4_000 * chance(index, 0);
  const spd = Math.round(30 + 60 * chance(index, 1));
  const angle = ((seconds * spd) / 3.6 / radius + 2 * Math.PI * chance(index, 2)) % (2 * Math.PI);
  const north = radius * Math.sin(angle) + 20_000 * (chance(index, 3) - 0.5);
  const east = radius * Math.cos(angle) + 20_000 * (chance(index, 4) - 0.5);
  return place(CENTRE, north, east, spd, 80 + 40 * Math.sin(angle));
}

/** Metres between the crossings of a grid, and seconds from one to the next. */
const BLOCK = 400;
const SECONDS_A_BLOCK = 40;

/** From crossing to crossing of a grid of streets, at each in a direction of chance. */
function random(index: number, seconds: number): Place {
  const step = Math.floor(seconds / SECONDS_A_BLOCK);
  const along = (seconds % SECONDS_A_BLOCK) / SECONDS_A_BLOCK;
  const from = crossing(index, step);
  const to = crossing(index, step + 1);
  const north = (from.north + (to.north - from.north) * along) * BLOCK;
  const east = (from.east + (to.east - from.east) * along) * BLOCK;
  const stands = from.north === to.north && from.east === to.east;
  return place(CENTRE, north, east, stands ? 0 : (BLOCK / SECONDS_A_BLOCK) * 3.6, 60 + 20 * chance(index, 9));
}

/** A crossing near the one before, found without walking all the way: each coordinate swings by itself. */
function crossing(index: number, step: number): { north: number; east: number } {
  const swing = (which: number, at: number) => {
    const period = 20 + Math.floor(60 * chance(index, which));
    const phase = (at + Math.floor(period * chance(index, which + 1))) % (2 * period);
    return Math.min(phase, 2 * period - phase);
  };
  // North and east in turn: streets have no diagonals.
  return { north: swing(5, Math.ceil(step / 2)), east: swing(7, Math.floor(step / 2)) };
}

interface Point {
  readonly lat: number;
  readonly lon: number;
  readonly alt: number;
}

/** Along a track and back again, a second from point to point, each device starting at its own. */
function along(points: readonly Point[]): Route {
  const last = points.length - 1;
  return (index, seconds) => {
    const at = (seconds + Math.floor(chance(index, 0) * last)) % (2 * last);
    const back = at > last;
    const position = back ? 2 * last - at : at;
    const from = points[Math.floor(position)] ?? CENTRE_POINT;
    const to = points[Math.min(last, Math.floor(position) + 1)] ?? CENTRE_POINT;
    const part = position % 1;
    const lat = from.lat + (to.lat - from.lat) * part;
    const lon = from.lon + (to.lon - from.lon) * part;
    const metres =
      Math.hypot(to.lat - from.lat, (to.lon - from.lon) * Math.cos((lat * Math.PI) / 180)) * METRES_A_DEGREE;
    return {
      lat: fiveDigits(lat),
      lon: fiveDigits(lon),
      spd: Math.min(999, Math.round(metres * 3.6)),
      alt: Math.round(from.alt),
    };
  };
}

const CENTRE_POINT: Point = { ...CENTRE, alt: 0 };

/** The track points of a GPX file, in order. */
function pointsOf(name: string, text: string): Point[] {
  const points: Point[] = [];
  for (const [, attributes = '', inside = ''] of text.matchAll(/<trkpt\b([^>]*?)(?:\/>|>([\s\S]*?)<\/trkpt>)/g)) {
    const lat = Number(/\blat\s*=\s*["']([^"']+)/.exec(attributes)?.[1]);
    const lon = Number(/\blon\s*=\s*["']([^"']+)/.exec(attributes)?.[1]);
    const alt = Number(/<ele>\s*([^<]+?)\s*<\/ele>/.exec(inside)?.[1] ?? 0);
    if (!(Math.abs(lat) <= 90 && Math.abs(lon) <= 180))
      throw new RouteError(`${name}: track point ${points.length + 1} has no place on the earth`);
    points.push({ lat, lon, alt: Math.abs(alt) < 32_000 ? alt : 0 });
    if (points.length > MAX_TRACK_POINTS) throw new RouteError(`${name}: more than ${MAX_TRACK_POINTS} track points`);
  }
  if (points.length < 2) throw new RouteError(`${name}: ${points.length} track points (<trkpt>), expected two or more`);
  return points;
}

function place(from: { lat: number; lon: number }, north: number, east: number, spd: number, alt: number): Place {
  const lat = from.lat + north / METRES_A_DEGREE;
  const lon = from.lon + east / (METRES_A_DEGREE * Math.cos((from.lat * Math.PI) / 180));
  return { lat: fiveDigits(lat), lon: fiveDigits(lon), spd: Math.round(spd), alt: Math.round(alt) };
}

/** A metre is enough, and more than a 32-bit float holds. */
function fiveDigits(degrees: number): number {
  return Math.round(degrees * 1e5) / 1e5;
}

/** A number from 0 to 1 that is the same for the same device and question, and unlike those of others. */
function chance(index: number, question: number): number {
  let bits = Math.imul(index + 1, 0x9e3779b1) ^ Math.imul(question + 1, 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d);
  bits = Math.imul(bits ^ (bits >>> 12), 0x297a2d39);
  return ((bits ^ (bits >>> 15)) >>> 0) / 2 ** 32;
}
