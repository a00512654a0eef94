import { type Static, Type } from 'typebox';
import { DateOrNull, dateOrNull } from './dates.js';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { problems } from './responses.js';

export const ListedSensorsList = Type.Object(
  { sensors: Type.Array(Type.Object({ name: Type.String(), created: DateOrNull, last: DateOrNull })) },
  {
    examples: [{ sensors: [{ name: 'door', created: '2026-11-01T00:00:00.000Z', last: '2026-11-20T12:30:00.000Z' }] }],
  },
);
export type ListedSensorsList = Static<typeof ListedSensorsList>;

/** Sensors that devices announced by name. */
export function addListedSensors(app: Api, parts: ApiParts): void {
  app.get(
    '/api/devices/:device/listed-sensors',
    {
      schema: {
        tags: ['devices'],
        summary: 'Sensors that a device announced by name, with their first and last mark',
        params: DeviceParams,
        response: { 200: ListedSensorsList, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      const sensors = await parts.listedSensors.list(id);
      return {
        sensors: sensors.map(({ name, created, last }) => ({
          name,
          created: dateOrNull(created),
          last: dateOrNull(last),
        })),
      };
    },
  );
}
