import { type Static, Type } from 'typebox';
import { seriesOf } from '../devices/device.js';
import { DateGiven, isoDate } from './dates.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { ReadingGiven, readingGiven } from './reading-given.js';
import { problems } from './responses.js';

export const LatestList = Type.Object({
  latest: Type.Array(
    Type.Object({
      ...ReadingGiven.properties,
      received: Type.String({ ...DateGiven, description: 'when it arrived' }),
    }),
  ),
});
export type LatestList = Static<typeof LatestList>;

/** The last value of each type. */
export function addLatest(app: Api, parts: ApiParts): void {
  app.get(
    '/api/devices/:device/latest',
    {
      schema: {
        tags: ['readings'],
        summary: 'The newest reading of each type by its own date, those dated in the future left out',
        params: DeviceParams,
        response: { 200: LatestList, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      const latest = await parts.series.latestOfEach(seriesOf(id), parts.clock.now());
      return { latest: latest.map((reading) => ({ ...readingGiven(reading), received: isoDate(reading.received) })) };
    },
  );
}
