import { type Static, Type } from 'typebox';
import { type Account, isOverAll } from '../accounts/account.js';
import { forbidden } from './auth.js';
import { changeableDeviceOf, DeviceParams, deviceOf } from './find-device.js';
import type { Api, ApiParts } from './parts.js';
import { notFound } from './problem.js';
import { problems } from './responses.js';

/** In place of a device: the rules for all of them. */
const DEFAULT = 'default';

const priority = Type.Integer({
  minimum: 0,
  maximum: 9_999,
  description: "a whole number from 0 to 9999; the lowest wins, a device's own before the default ones",
});
const pattern = Type.String({
  minLength: 1,
  maxLength: 255,
  description: "a regular expression of 1 to 255 characters, found anywhere in the channel's name",
});

const Rule = Type.Object(
  {
    priority,
    pattern,
    topic: Type.String({ maxLength: 255, description: 'the topic of the bus, or empty: the gateway' }),
  },
  { additionalProperties: false, examples: [{ priority: 10, pattern: '^can:', topic: 'converter-can' }] },
);

export const RulesList = Type.Object({ rules: Type.Array(Rule) });
export type RulesList = Static<typeof RulesList>;

/** Who converts the data of a channel: rules of a device, or in place of it of `default`, for all. */
export function addChannelTranslation(app: Api, parts: ApiParts): void {
  const { channelTranslation } = parts;
  const tags = ['devices'];
  const url = '/api/devices/:device/channel-translation';

  app.get(
    url,
    {
      schema: {
        tags,
        summary: 'Who converts the data of channels, the strongest rule first; the device "default" is all of them',
        params: DeviceParams,
        response: { 200: RulesList, ...problems(400, 404) },
      },
    },
    async ({ account, params: { device } }) => {
      const id = device === DEFAULT ? DEFAULT : (await deviceOf(parts, account, device)).id;
      return { rules: (await channelTranslation.list(id)).map((rule) => ({ ...rule })) };
    },
  );

  app.put(
    url,
    {
      schema: {
        tags,
        summary: 'Set a rule, in place of one of the same priority and pattern; it holds from the next identification',
        params: DeviceParams,
        body: Rule,
        response: { 200: Rule, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params: { device }, body }) => {
      await channelTranslation.set(await changeable(account, device), body);
      return body;
    },
  );

  app.delete(
    url,
    {
      schema: {
        tags,
        summary: 'Remove a rule',
        params: DeviceParams,
        querystring: Type.Object({ priority, pattern }, { additionalProperties: false }),
        response: { 204: Type.Null({ description: 'It is removed' }), ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params: { device }, query }, reply) => {
      const removed = await channelTranslation.remove(await changeable(account, device), query);
      if (!removed) throw notFound('pattern', query.pattern, `rule of priority ${query.priority} with the pattern`);
      reply.code(204);
      return null;
    },
  );

  async function changeable(account: Account, device: string): Promise<string> {
    if (device !== DEFAULT) return (await changeableDeviceOf(parts, account, device)).id;
    if (!isOverAll(account)) throw forbidden('the rules for all devices are changed by those over all domains alone');
    return DEFAULT;
  }
}
