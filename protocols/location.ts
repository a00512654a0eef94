/** How a location reads as JSON, and when it is none: shared by the protocols. */

/** Says what is wrong with coordinates in degrees, or null: they are on the earth. */
export function coordinatesProblem(lat: number, lon: number): string | null {
  if (!(lat >= -90 && lat <= 90)) return `Invalid latitude: ${lat}, expected a number from -90 to 90`;
  if (!(lon >= -180 && lon <= 180)) return `Invalid longitude: ${lon}, expected a number from -180 to 180`;
  return null;
}

/** The data of a `sen:loc` reading: degrees, km/h and metres; `spd` and `alt` null where the device gave none. */
export function locationData(lat: number, lon: number, spd: number | null, alt: number | null): string {
  let data = `{"lat":${lat},"lon":${lon}`;
  if (spd !== null) data += `,"spd":${spd}`;
  if (alt !== null) data += `,"alt":${alt}`;
  return `${data}}`;
}

/** The data of a `sen:loc` reading without a fix: satellites in view. */
export function noFixData(sat: number): string {
  return `{"sat":${sat}}`;
}

/**
 * The shortest decimal that is the same 32-bit float: what the device meant by its four bytes, such as 48.8566
 * instead of 48.85660171508789. `value` must be exactly a 32-bit float.
 */
export function shortestFloat32(value: number): number {
  for (let scale = 1e4; scale <= 1e9; scale *= 10) {
    const rounded = Math.round(value * scale) / scale;
    if (Math.fround(rounded) === value) return rounded;
  }
  return value;
}
