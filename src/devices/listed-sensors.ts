import { timeValue } from '../registry/entity.js';
import { decodeName, path } from '../registry/paths.js';
import type { Registry } from '../registry/registry.js';
import { type ChangeDevice, deviceKind } from './device.js';
import { nameProblem } from './text.js';

/** Sensors that a device announced by name, as `lsen:<name>`. */
export interface ListedSensors {
  list(deviceId: string): Promise<ListedSensor[]>;
  /** Notes that a sensor spoke; what a minute ago was noted is not written again. Resolves when it is durable. */
  mark(deviceId: string, name: string, now: number): Promise<void>;
}

export interface ListedSensor {
  readonly name: string;
  /** First and last mark, UNIX ms; the last one is right to a minute. */
  readonly created: number | null;
  readonly last: number | null;
}

/** Listed sensors of one device at the most; what comes beyond is stored as a reading, but not listed. */
export const MAX_LISTED_SENSORS = 1_000;
/** Sensors whose last mark is remembered at the most. */
export const MAX_REMEMBERED_MARKS = 50_000;
/** How long a mark stands before it is written again, in milliseconds. */
export const MARK_EVERY = 60_000;

export interface ListedSensorsOptions {
  readonly registry: Registry;
  readonly change: ChangeDevice;
  readonly maxRemembered?: number;
}

export function openListedSensors({
  registry,
  change,
  maxRemembered = MAX_REMEMBERED_MARKS,
}: ListedSensorsOptions): ListedSensors {
  // Only what is durable is remembered, so that nothing is acknowledged on the strength of a write under way.
  const marked = new Map<string, number>();
  const isFresh = (key: string, now: number) => Math.abs(now - (marked.get(key) ?? -Infinity)) < MARK_EVERY;

  async function mark(deviceId: string, name: string, now: number): Promise<void> {
    const key = `${deviceId}/${name}`;
    if (isFresh(key, now) || nameProblem('name of a sensor', name) !== null) return;
    await change(deviceId, async () => {
      if (isFresh(key, now)) return;
      const at = path(deviceKind.name, deviceId, 'listed-sensors', name);
      const known = (await registry.get(at)) !== undefined;
      if (!known && (await isFull(deviceId))) return;
      const date = String(now);
      await registry.set(at, known ? { 'date-last': date } : { name, 'date-create': date, 'date-last': date });
      remember(key, now);
    });
  }

  async function isFull(deviceId: string): Promise<boolean> {
    const limit = MAX_LISTED_SENSORS;
    return (await registry.children(path(deviceKind.name, deviceId, 'listed-sensors'), { limit })).length >= limit;
  }

  function remember(key: string, now: number): void {
    marked.delete(key);
    marked.set(key, now);
    const [oldest] = marked.keys();
    if (marked.size > maxRemembered && oldest !== undefined) marked.delete(oldest);
  }

  async function list(deviceId: string): Promise<ListedSensor[]> {
    const limit = MAX_LISTED_SENSORS;
    const names = await registry.children(path(deviceKind.name, deviceId, 'listed-sensors'), { limit });
    return Promise.all(
      names.map(async (encoded) => {
        const name = decodeName(encoded);
        const values = (await registry.get(path(deviceKind.name, deviceId, 'listed-sensors', name)))?.values;
        const created = timeValue(values?.get('date-create'));
        return { name: values?.get('name') ?? name, created, last: timeValue(values?.get('date-last')) };
      }),
    );
  }

  return { list, mark };
}
