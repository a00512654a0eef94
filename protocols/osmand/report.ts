/** What a request says: whose it is, where the device is, and values besides; from parameters or from JSON. */
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import type { Fix } from '../location.js';
import type { Request } from './http.js';

export interface Report {
  /** The device's own id. */
  readonly id: string;
  readonly places: readonly Place[];
}

/** One dated place with its values, or values alone. */
export interface Place {
  /** As it came; null: dated when it arrives. */
  readonly timestamp: string | null;
  readonly fix: Fix | null;
  /** Types with their data as JSON text. */
  readonly values: readonly (readonly [type: string, data: string])[];
}

/** A request that is none of a device: what is wrong, for a person. */
export class BadRequest extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BadRequest';
  }
}

/** Places of one request. */
export const MAX_PLACES = 1_000;
/** Values of one place. */
export const MAX_VALUES = 100;
const KMH_A_KNOT = 1.852;

/** Reads a request. Throws `BadRequest` saying what is wrong. */
export function readReport({ method, target, headers, body }: Request): Report {
  if (method !== 'GET' && method !== 'POST') throw new BadRequest(`Invalid method: ${method}, expected GET or POST`);
  const question = target.indexOf('?');
  const parameters = new URLSearchParams(question === -1 ? '' : target.slice(question + 1));
  const type = headers.get('content-type')?.toLowerCase() ?? '';
  if (type.startsWith('application/json') || body[0] === BRACE) return fromJson(body, parameters.get('id'));
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) parameters.append(name, value);
  return fromParameters(parameters);
}

const BRACE = 0x7b;

function fromParameters(parameters: URLSearchParams): Report {
  const given = new Map([...parameters].slice(0, MAX_VALUES));
  const take = (name: string) => {
    const value = given.get(name);
    given.delete(name);
    return value === '' ? undefined : value;
  };
  const id = take('id') ?? take('deviceid');
  given.delete('deviceid');
  if (id === undefined) throw new BadRequest('id: missing, expected the id of the device');
  const timestamp = take('timestamp') ?? null;
  const number = (name: string) => {
    const text = take(name);
    if (text === undefined) return undefined;
    if (!NUMBER.test(text)) throw new BadRequest(`${name}: ${JSON.stringify(text.slice(0, 40))} is no number`);
    return Number(text);
  };
  const [lat, lon, knots, head, alt] = [
    number('lat'),
    number('lon'),
    number('speed'),
    number('bearing'),
    number('altitude'),
  ];
  const [hdop, sat] = [number('hdop'), number('sat')];
  const valid = take('valid');
  const values: [string, string][] = [];
  const accuracy = number('accuracy');
  if (accuracy !== undefined) values.push(['sen:accuracy', String(accuracy)]);
  const level = number('batt');
  if (level !== undefined) values.push(['sen:battery_level', String(level)]);
  const charge = take('charge');
  if (charge !== undefined) values.push(['sen:charging', String(isTrue(charge))]);
  for (const [name, text] of given) values.push([typeOf(name), dataOf(text)]);
  if ((lat === undefined) !== (lon === undefined)) throw new BadRequest('lat and lon: one of them is missing');
  const spd = knots === undefined ? undefined : rounded(knots * KMH_A_KNOT);
  const fix =
    lat === undefined || lon === undefined
      ? null
      : fixOf({ lat, lon, spd, alt, head, sat, hdop, valid: valid === undefined ? undefined : isTrue(valid) });
  if (fix === null && sat !== undefined) values.push(['sen:loc', JSON.stringify({ sat, valid: false })]);
  return { id, places: fix === null && values.length === 0 ? [] : [{ timestamp, fix, values }] };
}

const Level = Type.Object({ level: Type.Optional(Type.Number()), is_charging: Type.Optional(Type.Boolean()) });
const JsonPlace = Type.Object({
  timestamp: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  coords: Type.Object({
    latitude: Type.Number(),
    longitude: Type.Number(),
    accuracy: Type.Optional(Type.Number()),
    speed: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    heading: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
    altitude: Type.Optional(Type.Union([Type.Number(), Type.Null()])),
  }),
  is_moving: Type.Optional(Type.Boolean()),
  odometer: Type.Optional(Type.Number()),
  event: Type.Optional(Type.String({ maxLength: 255 })),
  battery: Type.Optional(Level),
  activity: Type.Optional(Type.Object({ type: Type.Optional(Type.String({ maxLength: 255 })) })),
});
const JsonReport = Type.Object({
  device_id: Type.Optional(Type.Union([Type.String(), Type.Number()])),
  location: Type.Union([JsonPlace, Type.Array(JsonPlace, { maxItems: MAX_PLACES })]),
});

function fromJson(body: Buffer, idInQuery: string | null): Report {
  let given: unknown;
  try {
    given = JSON.parse(body.toString('utf8'));
  } catch {
    throw new BadRequest('the body is no JSON');
  }
  if (!Value.Check(JsonReport, given)) {
    const [first] = Value.Errors(JsonReport, given);
    throw new BadRequest(`${first?.instancePath || 'the body'}: ${first?.message ?? 'is not as it should be'}`);
  }
  const id = given.device_id ?? idInQuery;
  if (id === null || id === '') throw new BadRequest('device_id: missing, expected the id of the device');
  const places = Array.isArray(given.location) ? given.location : [given.location];
  return { id: String(id), places: places.map(placeOfJson) };
}

/** What is below zero the app does not know, but for altitudes. */
function placeOfJson({
  timestamp,
  coords,
  is_moving,
  odometer,
  event,
  battery,
  activity,
}: Static<typeof JsonPlace>): Place {
  const known = (value: number | null | undefined) => (typeof value === 'number' && value >= 0 ? value : undefined);
  const values: [string, string][] = [];
  const add = (type: string, value: unknown) => {
    if (value !== undefined) values.push([type, JSON.stringify(value)]);
  };
  add('sen:accuracy', known(coords.accuracy));
  add('sen:movement', is_moving);
  add('sen:odometer', known(odometer));
  add('sen:event', event === undefined ? undefined : { name: event });
  const level = known(battery?.level);
  add('sen:battery_level', level === undefined ? undefined : Math.round(level * 100));
  add('sen:charging', battery?.is_charging);
  add('sen:activity', activity?.type);
  const speed = known(coords.speed);
  const fix = fixOf({
    lat: coords.latitude,
    lon: coords.longitude,
    spd: speed === undefined ? undefined : rounded(speed * 3.6),
    alt: coords.altitude ?? undefined,
    head: known(coords.heading),
  });
  return { timestamp: timestamp === undefined ? null : String(timestamp), fix, values };
}

type Loose = { readonly [K in keyof Fix]: Fix[K] | undefined } & { readonly lat: number; readonly lon: number };

/** The same without what is not known. */
function fixOf({ lat, lon, spd, alt, head, sat, hdop, valid = true }: Loose): Fix {
  return {
    lat,
    lon,
    ...(spd !== undefined && { spd }),
    ...(alt !== undefined && { alt }),
    ...(head !== undefined && { head }),
    ...(sat !== undefined && { sat }),
    ...(hdop !== undefined && { hdop }),
    valid,
  };
}

/** Longest name of a value: with what stands before it, it is the type of a reading. */
const MAX_NAME_CHARACTERS = 60;

function typeOf(name: string): string {
  if (name === '' || name.length > MAX_NAME_CHARACTERS)
    throw new BadRequest(
      `${JSON.stringify(name.slice(0, MAX_NAME_CHARACTERS))}: a name has 1 to ${MAX_NAME_CHARACTERS} characters`,
    );
  // Locations are read as such, whoever calls a value so.
  return name === 'loc' ? 'raw:loc' : `sen:${name}`;
}

function dataOf(text: string): string {
  if (text === 'true' || text === 'false') return text;
  return PLAIN_NUMBER.test(text) ? String(Number(text)) : JSON.stringify(text);
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i;
/** A number that is the same when it is written again; a phone number or the like is a text. */
const PLAIN_NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,9})?$/;

function isTrue(text: string): boolean {
  return text === 'true' || text === '1';
}

/** To the nearest tenth: receivers tell no more, and a conversion leaves a tail. */
function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
