/** The small API for plain sensors, for scripts and boards. */
import { type Static, Type } from 'typebox';
import { type Account, isOverAll, sees } from '../accounts/account.js';
import { jsonOf, jsonText, MAX_DEPTH } from '../queries/json.js';
import { openSensors, SENSOR_NAME, type SensorDomain, type SensorReading } from '../sensors/sensors.js';
import { MAX_TIME, MIN_TIME } from '../series/time-uuid.js';
import { DateGiven, isDateText, isoDate, parseDate } from './dates.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound } from './problem.js';
import { problems } from './responses.js';

/** Readings in one request at the most, characters of one as JSON, and bytes of the body. */
export const MAX_SENSOR_READINGS = 10_000;
export const MAX_SENSOR_READING = 4_096;
export const MAX_SENSOR_BODY = 4 << 20;
/** Days where the client does not say. */
const DEFAULT_DAYS = 7;
const DAY = 86_400_000;
/** UNIX times from here on are milliseconds: as seconds it would be the year 5138. */
const MILLISECONDS_FROM = 1e11;
const TAKES_TIME = 'a date in ISO 8601, or UNIX seconds or milliseconds';

const SensorName = Type.String({
  pattern: SENSOR_NAME,
  description: 'name of a sensor, 1 to 128 letters, digits, spaces and _.:@-',
  examples: ['FA-1:sensor-0'],
});

const SensorReadingWanted = Type.Object(
  {
    sensor: SensorName,
    time: Type.Optional(
      Type.Union([Type.String({ maxLength: 40 }), Type.Number()], { description: `${TAKES_TIME}; none: now` }),
    ),
    reading: Type.Unknown({ description: `its value, any JSON of at most ${MAX_SENSOR_READING} characters` }),
  },
  {
    additionalProperties: false,
    examples: [{ sensor: 'FA-1:sensor-0', time: '2026-11-20T12:30:00.000Z', reading: 21.5 }],
  },
);
type SensorReadingWanted = Static<typeof SensorReadingWanted>;

const SensorReadingsWanted = Type.Object(
  { readings: Type.Array(SensorReadingWanted, { minItems: 1, maxItems: MAX_SENSOR_READINGS }) },
  { additionalProperties: false },
);

const Named = Type.Optional(
  Type.String({
    ...{ minLength: 1, maxLength: 255 },
    description:
      'the UUID or name of a domain; by default that of the account; sensors of accounts over all domains are of none',
  }),
);

export const SensorNames = Type.Object({ sensors: Type.Array(Type.String()), next: Next });
export type SensorNames = Static<typeof SensorNames>;

export const SensorReadings = Type.Object({
  readings: Type.Array(Type.Object({ sensor: Type.String(), time: DateGiven, reading: Type.Unknown() })),
  next: Next,
});
export type SensorReadings = Static<typeof SensorReadings>;

export function addSensors(app: Api, parts: ApiParts): void {
  const { registry, series, durability, domains, clock } = parts;
  const sensors = openSensors({ registry, series, write: (batch) => durability.write(batch), now: clock.now });
  const tags = ['sensors'];

  app.post(
    '/api/sensors',
    {
      bodyLimit: MAX_SENSOR_BODY,
      config: { form: true },
      schema: {
        tags,
        summary: `Store a reading of a plain sensor, or up to ${MAX_SENSOR_READINGS}`,
        description:
          'JSON, or a form (application/x-www-form-urlencoded) whose field value is that JSON. Sent again with its ' +
          'time it is the same reading. A sensor is known from its first reading on.',
        querystring: Type.Object({ domain: Named }, { additionalProperties: false }),
        body: Type.Union([SensorReadingsWanted, SensorReadingWanted], {
          description: `an object {sensor, time?, reading}, or {readings: [...]} of 1 to ${MAX_SENSOR_READINGS} of them`,
          examples: [{ sensor: 'FA-1:sensor-0', time: '2026-11-20T12:30:00.000Z', reading: 21.5 }],
        }),
        response: {
          201: Type.Object({ stored: Type.Integer({ description: 'how many' }) }),
          ...problems(400, 404, 413, 415, 503),
        },
      },
    },
    async ({ account, query, body }, reply) => {
      const domain = await domainFor(account, query.domain);
      const given = 'readings' in body ? body.readings : [body];
      await sensors.store(
        domain,
        given.map((one, at) => parsed(one, 'readings' in body ? `readings.${at}.` : '')),
      );
      reply.code(201);
      return { stored: given.length };
    },
  );

  app.get(
    '/api/sensors',
    {
      schema: {
        tags,
        summary: 'Readings of a plain sensor, the newest first, or the names of all of them',
        querystring: Type.Object(
          {
            sensor: Type.Optional(SensorName),
            days: Type.Optional(
              Type.Number({
                ...{ minimum: 0, maximum: 36_600, default: DEFAULT_DAYS },
                description: `days back from now, a number from 0 to 36600, by default ${DEFAULT_DAYS}`,
              }),
            ),
            domain: Named,
            ...pageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: Type.Union([SensorNames, SensorReadings]), ...problems(400, 404) },
      },
    },
    async ({ account, query }) => {
      const { sensor, days = DEFAULT_DAYS, limit = DEFAULT_PAGE, cursor } = query;
      const domain = await domainFor(account, query.domain);
      if (sensor === undefined) {
        const names = await sensors.names(domain, { after: cursor, limit: limit + 1 });
        const page = names.slice(0, limit);
        return { sensors: page, next: names.length > limit ? (page.at(-1) ?? null) : null };
      }
      if (!(await sensors.has(domain, sensor))) throw notFound('sensor', sensor, 'sensor');
      const from = clock.now() - days * DAY;
      const { readings, next } = await sensors.page(domain, sensor, { from, limit, after: cursor });
      return {
        readings: readings.map(({ time, data }) => ({ sensor, time: isoDate(time), reading: jsonOf(data) })),
        next,
      };
    },
  );

  /** Whose sensors are meant: an account of one domain has those of that one, one over all of them those of none. */
  async function domainFor(account: Account, named: string | undefined): Promise<SensorDomain> {
    const wanted = named ?? (isOverAll(account) ? undefined : (account.domain ?? undefined));
    if (wanted === undefined) return null;
    const domain = await domains.find(wanted);
    if (!domain || domain.deleted !== null || !sees(account, { domain: domain.id }))
      throw notFound('domain', wanted, 'domain');
    return domain.id;
  }
}

function parsed({ sensor, time, reading }: SensorReadingWanted, field: string): SensorReading {
  const text = jsonText(reading);
  if (text === null || text.length > MAX_SENSOR_READING)
    throw badField(`${field}reading`, '…', `JSON of at most ${MAX_SENSOR_READING} characters and ${MAX_DEPTH} levels`);
  return { sensor, time: time === undefined ? null : parsedTime(`${field}time`, time), reading: text };
}

function parsedTime(field: string, given: string | number): number {
  const isNumber = typeof given === 'number' || /^-?\d+(\.\d+)?$/.test(given);
  if (!isNumber && !isDateText(given)) throw badField(field, given, TAKES_TIME);
  const number = Number(given);
  const time = isNumber
    ? Math.round(Math.abs(number) < MILLISECONDS_FROM ? number * 1_000 : number)
    : parseDate(field, String(given));
  if (!(time >= MIN_TIME && time <= MAX_TIME))
    throw badField(field, given, `${TAKES_TIME}, from ${isoDate(MIN_TIME)} to ${isoDate(MAX_TIME)}`);
  return time;
}
