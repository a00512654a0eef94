/** Plain sensors: dated values under a name, of a domain, without a device. See docs/data-model.md. */
import { decodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import type { Reading, Series } from '../series/series.js';
import type { ReadingWrite } from '../store/store.js';

/** Longest name of a sensor, in characters. */
export const MAX_SENSOR_NAME = 128;
/** Names whose entry is known to be there, so that it is not looked for again. */
export const MAX_KNOWN_SENSORS = 100_000;
/** The one type of their readings. */
export const SENSOR_TYPE = 'reading';
/** Names made at once. */
const NAMES_AT_ONCE = 100;

/** What a name may hold: what needs no escaping anywhere; `:` stands between a site and its sensor. */
export const SENSOR_NAME = '^[A-Za-z0-9_.:@ -]{1,128}$';

export interface SensorReading {
  readonly sensor: string;
  /** UNIX ms; null: now. */
  readonly time: number | null;
  /** JSON text. */
  readonly reading: string;
}

/** A domain by UUID; null: none, seen by accounts over all domains alone. */
export type SensorDomain = string | null;

export interface Sensors {
  /** Hands readings over, and resolves when they are durable. Throws `SeriesError` on a date that cannot be stored. */
  store(domain: SensorDomain, readings: readonly SensorReading[]): Promise<void>;
  has(domain: SensorDomain, sensor: string): Promise<boolean>;
  /** Names in the order of their bytes, those after `after`. */
  names(domain: SensorDomain, page: { readonly after?: string | undefined; readonly limit: number }): Promise<string[]>;
  /** The newest first, those dated from `from` on (UNIX ms). */
  page(
    domain: SensorDomain,
    sensor: string,
    query: { readonly from: number; readonly limit: number; readonly after?: string | undefined },
  ): Promise<{ readings: Reading[]; next: string | null }>;
}

export interface SensorsOptions {
  readonly registry: Registry;
  readonly series: Series;
  /** Writes a batch; resolves when it is durable. */
  readonly write: (batch: readonly ReadingWrite[]) => Promise<void>;
  /** UNIX ms. */
  readonly now: () => number;
}

export function openSensors({ registry, series, write, now }: SensorsOptions): Sensors {
  const known = new Set<string>();

  /** The names are there before readings are, so that none is stored that nobody finds. */
  async function makeNames(domain: SensorDomain, names: readonly string[]): Promise<void> {
    for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
      const some = names.slice(at, at + NAMES_AT_ONCE).map((name) => sensorPath(domain, name));
      await Promise.all(some.map((one) => registry.check(one)));
      for (const one of some) known.add(one);
    }
    for (const oldest of known) {
      if (known.size <= MAX_KNOWN_SENSORS) break;
      known.delete(oldest);
    }
  }

  return {
    async store(domain, readings) {
      const received = now();
      const writes = readings.map(({ sensor, time, reading }) =>
        series.prepare(seriesOfSensor(domain, sensor), { type: SENSOR_TYPE, time, data: reading }, received),
      );
      const names = [...new Set(readings.map(({ sensor }) => sensor))];
      await makeNames(
        domain,
        names.filter((name) => !known.has(sensorPath(domain, name))),
      );
      await write(writes);
    },
    has: async (domain, sensor) => (await registry.get(sensorPath(domain, sensor))) !== undefined,
    async names(domain, { after, limit }) {
      const page = { limit, ...(after !== undefined && { after }) };
      return (await registry.children(sensorPath(domain), page)).map(decodeName);
    },
    page: (domain, sensor, { from, limit, after }) =>
      series.page({
        ...{ id: seriesOfSensor(domain, sensor), type: SENSOR_TYPE, order: 'newest' },
        ...{ from, limit, after },
      }),
  };
}

/** The id of the time series of a sensor: `sen-NAME`, or `sen-DOMAIN/NAME`; names hold no slash. */
export function seriesOfSensor(domain: SensorDomain, sensor: string): string {
  return domain === null ? `sen-${sensor}` : `sen-${domain}/${sensor}`;
}

function sensorPath(domain: SensorDomain, ...name: readonly string[]): string {
  return path('sensor', domain ?? 'none', ...name);
}
