import { type Static, Type } from 'typebox';
import { DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { problems } from './responses.js';

export const StatusList = Type.Object(
  { status: Type.Array(Type.Object({ name: Type.String(), value: Type.String() })) },
  { examples: [{ status: [{ name: 'cap', value: 'set,cmd' }] }] },
);
export type StatusList = Static<typeof StatusList>;

/** What devices say about themselves. */
export function addStatus(app: Api, parts: ApiParts): void {
  app.get(
    '/api/devices/:device/status',
    {
      schema: {
        tags: ['devices'],
        summary: 'What a device says about itself; cap is what it can do',
        params: DeviceParams,
        response: { 200: StatusList, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      return { status: await parts.status.list(id) };
    },
  );
}
