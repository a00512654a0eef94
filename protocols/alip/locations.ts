/** A location as text: `lat,lon[,spd[,alt]]` in degrees, km/h and metres, or how many satellites are in view. */
import { coordinatesProblem, locationData, noFixData } from '../location.js';

/** Most satellites that can be in view. */
const MAX_SATELLITES = 255;

/** The data of a `sen:loc` reading, or what is wrong with it, for a person. */
export function readLocation(
  content: string,
): { readonly data: string; readonly problem: null } | { readonly data: null; readonly problem: string } {
  const [first = '', second, third = '', fourth = '', ...more] = content.split(',');
  if (second === undefined) return readSatellites(first);
  if (more.length > 0) return wrong(`Invalid location: ${content}, expected lat,lon[,spd[,alt]] or satellites`);

  const lat = readNumber(first);
  if (lat === null) return wrong(`Invalid latitude: ${first}, expected a number from -90 to 90`);
  const lon = readNumber(second);
  if (lon === null) return wrong(`Invalid longitude: ${second}, expected a number from -180 to 180`);
  const problem = coordinatesProblem(lat, lon);
  if (problem !== null) return wrong(problem);
  const spd = third === '' ? null : readNumber(third);
  if (third !== '' && (spd === null || spd < 0)) return wrong(`Invalid speed: ${third}, expected km/h from 0 up`);
  const alt = fourth === '' ? null : readNumber(fourth);
  if (fourth !== '' && alt === null) return wrong(`Invalid altitude: ${fourth}, expected a number of metres`);
  return { data: locationData(lat, lon, spd, alt), problem: null };
}

function readSatellites(text: string): ReturnType<typeof readLocation> {
  const sat = readNumber(text);
  if (sat === null || !Number.isInteger(sat) || sat < 0 || sat > MAX_SATELLITES)
    return wrong(`Invalid satellites: ${text}, expected 0 to ${MAX_SATELLITES}`);
  return { data: noFixData(sat), problem: null };
}

/** A decimal number, or null. */
function readNumber(text: string): number | null {
  return text.length <= MAX_NUMBER_LENGTH && DECIMAL.test(text) ? Number(text) : null;
}

function wrong(problem: string): { readonly data: null; readonly problem: string } {
  return { data: null, problem };
}

/** Characters of a number: longer ones say nothing more. */
const MAX_NUMBER_LENGTH = 40;
const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)$/;
