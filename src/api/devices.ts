import { type Static, Type } from 'typebox';
import { type Account, isAtLeast, isOverAll, sees } from '../accounts/account.js';
import type { Device } from '../devices/device.js';
import type { Presence } from '../devices/presence.js';
import { forbidden } from './auth.js';
import { DateOrNull, dateOrNull } from './dates.js';
import { tellChanged } from './deliver.js';
import { changeableDeviceOf, DeviceParams, deviceOf } from './find-device.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField } from './problem.js';
import { problems } from './responses.js';

const UuidOrNull = Type.Union([Type.String({ format: 'uuid' }), Type.Null()]);

/** A device as examples of the API have it. */
export const DEVICE_EXAMPLE = {
  id: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3',
  ident: 'imei:490154203237518',
  name: 'Van 7',
  domain: null,
  owner: null,
  clockOffset: null,
  firstConnection: '2026-11-20T12:30:00.000Z',
  deleted: null,
  connections: 1,
};

export const DeviceGiven = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    ident: Type.String(),
    name: Type.Union([Type.String(), Type.Null()], { description: 'what people call it' }),
    domain: UuidOrNull,
    owner: UuidOrNull,
    clockOffset: Type.Union([Type.Integer(), Type.Null()], {
      description: 'minutes that its clock is ahead of UTC, null: as its protocol has it',
    }),
    firstConnection: DateOrNull,
    deleted: DateOrNull,
    connections: Type.Integer({ description: 'how many it has open' }),
  },
  {
    $id: 'Device',
    examples: [DEVICE_EXAMPLE],
  },
);
export type DeviceGiven = Static<typeof DeviceGiven>;

export const DevicesPage = Type.Object({ devices: Type.Array(DeviceGiven), next: Next });
export type DevicesPage = Static<typeof DevicesPage>;

const changeable = Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()]);

/** Devices as a whole: list, show, rename, delete, restore. */
export function addDevices(app: Api, parts: ApiParts): void {
  const { devices, users, presence } = parts;
  const tags = ['devices'];

  app.get(
    '/api/devices',
    {
      schema: {
        tags,
        summary: 'Devices in the order of their idents',
        querystring: Type.Object(
          {
            ...pageQuery,
            deleted: Type.Optional(Type.Boolean({ description: 'true: those marked as deleted instead' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: DevicesPage, ...problems(400) },
      },
    },
    async ({ account, query: { limit = DEFAULT_PAGE, cursor, deleted } }) => {
      const page = await devices.list({ limit, after: cursor, deleted, domain: account.domain ?? undefined });
      return { devices: await Promise.all(page.devices.map(given)), next: page.next };
    },
  );

  app.get(
    '/api/devices/:device',
    {
      schema: {
        tags,
        summary: 'One device',
        params: DeviceParams,
        response: { 200: DeviceGiven, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => given(await deviceOf(parts, account, params.device)),
  );

  app.patch(
    '/api/devices/:device',
    {
      schema: {
        tags,
        summary: 'Change the name, domain, owner or clock of a device',
        params: DeviceParams,
        body: Type.Object(
          {
            name: Type.Optional(changeable),
            domain: Type.Optional(changeable),
            owner: Type.Optional(changeable),
            clockOffset: Type.Optional(Type.Union([Type.Integer({ minimum: -1_440, maximum: 1_440 }), Type.Null()])),
          },
          {
            additionalProperties: false,
            minProperties: 1,
            description:
              'an object with one or more of name, domain, owner: text of 1 to 255 characters, or null: none; clockOffset: minutes from -1440 to 1440, or null',
            examples: [{ name: 'Van 7' }],
          },
        ),
        response: { 200: DeviceGiven, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params, body }) => {
      const { id } = await changeableDeviceOf(parts, account, params.device);
      await checkBelonging(account, body);
      const changed = await devices.update(id, body);
      parts.scope.forget(id);
      tellChanged(parts, id);
      return given(changed);
    },
  );

  app.delete(
    '/api/devices/:device',
    {
      schema: {
        tags,
        summary: 'Mark a device as deleted: it keeps its ident, settings and readings',
        params: DeviceParams,
        response: { 200: DeviceGiven, ...problems(400, 404, 503) },
      },
    },
    async ({ account, params }) => {
      const deleted = await devices.delete((await deviceOf(parts, account, params.device)).id);
      tellChanged(parts, deleted.id);
      return given(deleted);
    },
  );

  app.post(
    '/api/devices/:device/restore',
    {
      schema: {
        tags,
        summary: 'Take back that a device was deleted',
        params: DeviceParams,
        response: { 200: DeviceGiven, ...problems(400, 404, 503) },
      },
    },
    async ({ account, params }) => {
      const restored = await devices.restore((await deviceOf(parts, account, params.device)).id);
      tellChanged(parts, restored.id);
      return given(restored);
    },
  );

  /** Whom a device belongs to is changed by admins, within their domain. */
  async function checkBelonging(
    account: Account,
    { domain, owner }: { domain?: string | null | undefined; owner?: string | null | undefined },
  ): Promise<void> {
    if (domain === undefined && owner === undefined) return;
    if (!isAtLeast(account.role, 'admin') || (domain !== undefined && !isOverAll(account)))
      throw forbidden('the domain of a device is changed by admins over all domains alone, its owner by admins');
    const user = typeof owner === 'string' ? await users.find(owner) : undefined;
    if (typeof owner === 'string' && (!user || !sees(account, user)))
      throw badField('owner', owner, 'the UUID or name of a user, or null');
  }

  function given(device: Device): Promise<DeviceGiven> {
    return deviceGiven(presence, device);
  }
}

/** A device as the API gives it. */
export async function deviceGiven(presence: Presence, device: Device): Promise<DeviceGiven> {
  const { id, ident, name, domain, owner, clockOffset, firstConnection, deleted } = device;
  const dates = { firstConnection: dateOrNull(firstConnection), deleted: dateOrNull(deleted) };
  const connections = (await presence.of(id)).length;
  return { id, ident, name, domain, owner, clockOffset, ...dates, connections };
}
