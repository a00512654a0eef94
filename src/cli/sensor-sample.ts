/** A minute of data as a site of several sensors makes it, to try things with. */

export const SAMPLE_SITE = 'FA-1';
export const SAMPLE_SENSORS = 5;
const SECONDS = 60;

export interface SampleReading {
  readonly sensor: string;
  /** ISO 8601. */
  readonly time: string;
  readonly reading: number;
}

/** A reading a second of each sensor, the last one dated `now` (UNIX ms): waves, each of its own height and length. */
export function sampleOf(now: number): SampleReading[] {
  return Array.from({ length: SECONDS * SAMPLE_SENSORS }, (_, at) => {
    const sensor = at % SAMPLE_SENSORS;
    const second = Math.floor(at / SAMPLE_SENSORS);
    const wave = Math.sin((second / (10 + 5 * sensor)) * 2 * Math.PI);
    return {
      sensor: `${SAMPLE_SITE}:sensor-${sensor}`,
      time: new Date(now - (SECONDS - 1 - second) * 1_000).toISOString(),
      reading: Math.round((20 + sensor + wave * (sensor + 1)) * 100) / 100,
    };
  });
}
