/** Places in readings: data with the numbers `lat` and `lon`, in degrees. */
import { isObject, numberIn } from './numbers.js';

/** Degrees. */
export interface Place {
  readonly lat: number;
  readonly lon: number;
}

/** A rectangle on the map; one whose west is greater than its east lies across the 180th meridian. */
export interface Area {
  readonly west: number;
  readonly south: number;
  readonly east: number;
  readonly north: number;
}

/** Where a reading's data is, or null: it has no place, or none on earth. */
export function placeIn(data: unknown): Place | null {
  if (!isObject(data)) return null;
  const [lat, lon] = [numberIn(data['lat']), numberIn(data['lon'])];
  if (lat === null || lon === null || Math.abs(lat) > 90 || Math.abs(lon) > 180) return null;
  return { lat, lon };
}

/** `west,south,east,north` in degrees, as GeoJSON has it; null: it is none. */
export function parseArea(text: string): Area | null {
  const numbers = text.split(',').map(numberIn);
  const [west, south, east, north] = numbers;
  if (numbers.length !== 4 || !isDegrees(west, 180) || !isDegrees(east, 180)) return null;
  if (!isDegrees(south, 90) || !isDegrees(north, 90) || south > north) return null;
  return { west, south, east, north };
}

function isDegrees(value: number | null | undefined, most: number): value is number {
  return value !== null && value !== undefined && Math.abs(value) <= most;
}

export function isWithin({ lat, lon }: Place, { west, south, east, north }: Area): boolean {
  if (lat < south || lat > north) return false;
  return west <= east ? lon >= west && lon <= east : lon >= west || lon <= east;
}

/** A difference of longitudes the short way round, or a longitude that went on over the 180th meridian, in degrees. */
export function shortWay(degrees: number): number {
  if (degrees > 180) return degrees - 360;
  return degrees < -180 ? degrees + 360 : degrees;
}
