import { type Static, Type } from 'typebox';
import type { DeviceSetting } from '../devices/settings.js';
import { DateOrNull, dateOrNull } from './dates.js';
import { tellChanged, tellReceivers } from './deliver.js';
import { changeableDeviceOf, DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { notFound } from './problem.js';
import { problems } from './responses.js';

/** Characters of a setting's value at the most. */
const MAX_VALUE = 65_536;

export const SettingGiven = Type.Object(
  {
    name: Type.String(),
    value: Type.String({ description: 'what was desired or reported last' }),
    pending: Type.Union([Type.String(), Type.Null()], { description: 'what waits to be acknowledged by the device' }),
    acknowledged: DateOrNull,
  },
  {
    $id: 'Setting',
    examples: [{ name: 'interval', value: '60', pending: '60', acknowledged: null }],
  },
);
export type SettingGiven = Static<typeof SettingGiven>;

export const SettingsList = Type.Object({ settings: Type.Array(SettingGiven) });
export type SettingsList = Static<typeof SettingsList>;

const SettingParams = Type.Object({
  ...DeviceParams.properties,
  name: Type.String({ minLength: 1, maxLength: 255, description: 'the name of a setting', examples: ['interval'] }),
});

/** What devices are configured to be. */
export function addSettings(app: Api, parts: ApiParts): void {
  const { settings } = parts;
  const tags = ['settings'];

  app.get(
    '/api/devices/:device/settings',
    {
      schema: {
        tags,
        summary: 'Settings of a device, those it reported and those that wait for it',
        params: DeviceParams,
        response: { 200: SettingsList, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      return { settings: (await settings.list(id)).map(given) };
    },
  );

  app.put(
    '/api/devices/:device/settings/:name',
    {
      schema: {
        tags,
        summary: 'Desire a value; it leaves at once for a connected device, else when it calls',
        params: SettingParams,
        body: Type.Object(
          { value: Type.String({ maxLength: MAX_VALUE }) },
          { additionalProperties: false, examples: [{ value: '60' }] },
        ),
        response: { 200: SettingGiven, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params: { device, name }, body: { value } }) => {
      const { id } = await changeableDeviceOf(parts, account, device);
      await settings.set(id, name, value);
      tellReceivers(parts, id, 'send_settings');
      return { name, value, pending: value, acknowledged: null };
    },
  );

  app.delete(
    '/api/devices/:device/settings/:name',
    {
      schema: {
        tags,
        summary: 'Forget a setting; the device is not told',
        params: SettingParams,
        response: { 204: Type.Null({ description: 'It is forgotten' }), ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params: { device, name } }, reply) => {
      const { id } = await changeableDeviceOf(parts, account, device);
      if (!(await settings.remove(id, name))) throw notFound('name', name, 'setting');
      tellChanged(parts, id);
      reply.code(204);
      return null;
    },
  );
}

function given({ name, value, pending, acknowledged }: DeviceSetting): SettingGiven {
  return { name, value, pending, acknowledged: dateOrNull(acknowledged) };
}
