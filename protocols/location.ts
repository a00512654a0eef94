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

/** A location as trackers report it; what is absent the device did not say. */
export interface Fix {
  /** Degrees, WGS 84. */
  readonly lat: number;
  readonly lon: number;
  /** km/h */
  readonly spd?: number;
  /** Metres. */
  readonly alt?: number;
  /** Degrees from north, clockwise. */
  readonly head?: number;
  /** Satellites. */
  readonly sat?: number;
  readonly hdop?: number;
  /** False: the receiver had no fix, and these are the coordinates it knew last. */
  readonly valid?: boolean;
  /** The device kept it, or sent it before. */
  readonly buffered?: true;
}

/** The data of a `sen:loc` reading of a tracker, its names in one order, so that the same fix is the same text. */
export function fixData({ lat, lon, spd, alt, head, sat, hdop, valid, buffered }: Fix): string {
  // Put together by hand: it is most of what reading a record takes.
  let data = `{"lat":${lat},"lon":${lon}`;
  if (spd !== undefined) data += `,"spd":${spd}`;
  if (alt !== undefined) data += `,"alt":${alt}`;
  if (head !== undefined) data += `,"head":${head}`;
  if (sat !== undefined) data += `,"sat":${sat}`;
  if (hdop !== undefined) data += `,"hdop":${hdop}`;
  if (valid !== undefined) data += `,"valid":${valid}`;
  if (buffered !== undefined) data += `,"buffered":${buffered}`;
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
