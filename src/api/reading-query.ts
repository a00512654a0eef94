/** Which readings are asked for, and how they are to be given: the parameters that all queries of readings take. */
import { type Static, Type } from 'typebox';
import { FORMATS, type FormatName } from '../exports/format.js';
import { AGGREGATES, type Downsample, parseEvery, TooManyGroups } from '../queries/downsample.js';
import { parseArea } from '../queries/places.js';
import type { ReadingsQuery } from '../queries/readings.js';
import { MAX_SOURCES } from '../series/many.js';
import { DateText, parseDate } from './dates.js';
import { DEFAULT_PAGE, MAX_PAGE } from './pages.js';
import { badField, Problem } from './problem.js';

/** Types in one query, and fields, at the most. */
export const MAX_TYPES = 20;
export const MAX_FIELDS = 20;
/** Readings in one export at the most: more than any disk holds. */
const MAX_EXPORT = 1_000_000_000;

export const ReadingType = Type.String({
  minLength: 1,
  maxLength: 255,
  description: 'the type of a reading, such as sen:loc, 1 to 255 characters',
  examples: ['sen:temp'],
});

/** A parameter that can be given more than once. */
export const Types = Type.Array(ReadingType, {
  maxItems: MAX_TYPES,
  description: `types of readings such as sen:loc, the parameter once for each of at most ${MAX_TYPES}; none: all`,
  examples: [['sen:temp']],
});

export const range = { from: Type.Optional(DateText), to: Type.Optional(DateText) };

export const ALL_FORMATS = Object.keys(FORMATS).filter((name): name is FormatName => name in FORMATS);

export const readingQuery = {
  type: Type.Optional(Types),
  ...range,
  order: Type.Optional(
    Type.Enum(['asc', 'desc'], { description: 'asc: the oldest first; by default desc, with a format asc' }),
  ),
  fields: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: `members of data, at most ${MAX_FIELDS}, with commas; readings with none of them are left out`,
      examples: ['lat,lon'],
    }),
  ),
  bbox: Type.Optional(
    Type.String({
      maxLength: 200,
      description: 'west,south,east,north in degrees: readings with a place in it; west > east crosses longitude 180',
      examples: ['2.2,48.8,2.5,48.9'],
    }),
  ),
  every: Type.Optional(
    Type.String({
      maxLength: 12,
      description: 'a period from 1s to 366d, such as 5m, with aggregate: in place of readings what each period had',
      examples: ['5m'],
    }),
  ),
  aggregate: Type.Optional(
    Type.Enum([...AGGREGATES], {
      description:
        'min, max or avg of numbers, also of those among the members of data; first, last: the data of that reading; ' +
        'count: how many',
    }),
  ),
  format: Type.Optional(
    Type.Enum(ALL_FORMATS, {
      description: 'a stream of all of them in place of a page; geojson, gpx and kml have those with a place only',
    }),
  ),
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_EXPORT,
      description: `a whole number from 1 to ${MAX_PAGE}, by default ${DEFAULT_PAGE}; with a format any, by default all`,
    }),
  ),
  cursor: Type.Optional(
    Type.String({ minLength: 1, maxLength: 1_000, description: 'next of the page before, from the same query' }),
  ),
};

const Given = Type.Object(readingQuery);

export interface Asked {
  readonly query: Omit<ReadingsQuery, 'devices'>;
  readonly format: FormatName | undefined;
  readonly limit: number;
  readonly cursor: string | undefined;
}

/** Parameters as a query; throws a `Problem` that names the field where they do not fit together. */
export function asked(given: Static<typeof Given>): Asked {
  const { type = [], from, to, order, fields, bbox, format, limit, cursor } = given;
  if (!format && limit !== undefined && limit > MAX_PAGE)
    throw badField('limit', limit, `a whole number from 1 to ${MAX_PAGE}, more only with a format`);
  if (format && cursor !== undefined) throw badField('cursor', cursor, 'nothing with a format: it has no pages');
  const query = {
    types: type,
    from: from === undefined ? undefined : parseDate('from', from),
    to: to === undefined ? undefined : parseDate('to', to, true),
    order: (order ?? (format ? 'asc' : 'desc')) === 'asc' ? ('oldest' as const) : ('newest' as const),
    fields: fields === undefined ? undefined : parseFields(fields),
    area: bbox === undefined ? undefined : parseBox(bbox),
    downsample: downsampleOf(given),
  };
  return { query, format, limit: limit ?? (format ? MAX_EXPORT : DEFAULT_PAGE), cursor };
}

/** Throws a `Problem` where more series would be read at once than can be. */
export function checkSources(devices: number, types: number): void {
  if (devices * Math.max(1, types) <= MAX_SOURCES) return;
  const takes = `at most ${MAX_SOURCES} devices times types`;
  throw new Problem(400, `type: ${devices} devices times ${types} types are too many, it takes ${takes}`, {
    field: 'type',
    takes,
  });
}

/** Tells what cannot be computed as a problem of the query. */
export function explained(error: unknown): unknown {
  if (!(error instanceof TooManyGroups)) return error;
  return new Problem(400, `type: ${error.message}; name some`, { field: 'type' }, { cause: error });
}

export function parseFields(text: string): string[] {
  const fields = [...new Set(text.split(','))];
  if (fields.length > MAX_FIELDS || fields.some((field) => field === ''))
    throw badField('fields', text, `1 to ${MAX_FIELDS} names with commas between, such as lat,lon`);
  return fields;
}

export function parseBox(text: string) {
  const area = parseArea(text);
  if (area) return area;
  throw badField('bbox', text, 'west,south,east,north in degrees, such as 2.2,48.8,2.5,48.9');
}

function downsampleOf({ every, aggregate }: Static<typeof Given>): Downsample | undefined {
  if (every === undefined && aggregate === undefined) return undefined;
  if (every === undefined) throw new Problem(400, 'every: missing, aggregate goes with it', { field: 'every' });
  const ms = parseEvery(every);
  if (ms === null) throw badField('every', every, 'a period from 1s to 366d: a whole number and s, m, h or d');
  if (aggregate === undefined)
    throw new Problem(400, `aggregate: missing, every goes with it; it takes ${AGGREGATES.join(' or ')}`, {
      field: 'aggregate',
    });
  return { every: ms, aggregate };
}
