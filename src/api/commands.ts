import { type Static, Type } from 'typebox';
import type { DeviceCommand } from '../devices/commands.js';
import { DateOrNull, DateText, dateOrNull, parseDate } from './dates.js';
import { tellReceivers } from './deliver.js';
import { changeableDeviceOf, DeviceParams, deviceOf } from './find-device.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { badField, notFound } from './problem.js';
import { problems } from './responses.js';

/** Characters of a command at the most. */
const MAX_TEXT = 65_536;

export const CommandGiven = Type.Object(
  {
    id: Type.String({ format: 'uuid' }),
    text: Type.String(),
    state: Type.Enum(['queued', 'sent', 'done', 'expired', 'cancelled'], {
      description: 'sent is written to a socket; only done is what the device acknowledged',
    }),
    queued: DateOrNull,
    sent: DateOrNull,
    done: DateOrNull,
    expired: DateOrNull,
    cancelled: DateOrNull,
    expires: DateOrNull,
    response: Type.Union([Type.String(), Type.Null()]),
  },
  {
    $id: 'Command',
    examples: [
      {
        id: '0b6b5b1e-5d0f-4b3e-9a57-0d9a4a7f7c11',
        text: 'reboot',
        state: 'queued',
        queued: '2026-11-20T12:30:00.000Z',
        sent: null,
        done: null,
        expired: null,
        cancelled: null,
        expires: '2026-11-20T13:30:00.000Z',
        response: null,
      },
    ],
  },
);
export type CommandGiven = Static<typeof CommandGiven>;

export const CommandsPage = Type.Object({ commands: Type.Array(CommandGiven), next: Next });
export type CommandsPage = Static<typeof CommandsPage>;

const CommandParams = Type.Object({
  ...DeviceParams.properties,
  id: Type.String({ minLength: 1, maxLength: 36, description: 'the UUID of a command' }),
});

/** What devices are told to do. */
export function addCommands(app: Api, parts: ApiParts): void {
  const { commands, clock } = parts;
  const tags = ['commands'];

  app.get(
    '/api/devices/:device/commands',
    {
      schema: {
        tags,
        summary: 'Commands of a device, the newest first',
        params: DeviceParams,
        querystring: Type.Object(pageQuery, { additionalProperties: false }),
        response: { 200: CommandsPage, ...problems(400, 404) },
      },
    },
    async ({ account, params, query: { limit = DEFAULT_PAGE, cursor } }) => {
      const { id } = await deviceOf(parts, account, params.device);
      const page = await commands.list(id, { after: cursor, limit });
      return { commands: page.commands.map(given), next: page.next };
    },
  );

  app.post(
    '/api/devices/:device/commands',
    {
      schema: {
        tags,
        summary: 'Queue a command; it leaves at once for a connected device, else when it calls',
        params: DeviceParams,
        body: Type.Object(
          {
            text: Type.String({ minLength: 1, maxLength: MAX_TEXT }),
            expires: Type.Optional(DateText),
            id: Type.Optional(
              Type.String({
                pattern: '^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$',
                description: 'a UUID of your own, so that asking again after a lost answer is not a second command',
              }),
            ),
          },
          { additionalProperties: false, examples: [{ text: 'reboot', expires: '2026-11-20T13:30:00.000Z' }] },
        ),
        response: { 201: CommandGiven, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params, body: { text, expires, id: commandId } }, reply) => {
      const until = expires === undefined ? undefined : parseDate('expires', expires);
      if (until !== undefined && until <= clock.now()) throw badField('expires', expires, 'a date in the future');
      const { id } = await changeableDeviceOf(parts, account, params.device);
      const command = await commands.add(id, text, { expires: until, commandId });
      tellReceivers(parts, id, 'send_commands');
      reply.code(201);
      return given(command);
    },
  );

  app.get(
    '/api/devices/:device/commands/:id',
    {
      schema: {
        tags,
        summary: 'One command',
        params: CommandParams,
        response: { 200: CommandGiven, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      const command = await commands.get(id, params.id);
      if (!command) throw notFound('id', params.id, 'command');
      return given(command);
    },
  );

  app.delete(
    '/api/devices/:device/commands/:id',
    {
      schema: {
        tags,
        summary: 'Cancel a command: it is never sent again. One that is done or expired cannot be cancelled',
        params: CommandParams,
        response: { 200: CommandGiven, ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params }) => {
      const { id } = await deviceOf(parts, account, params.device);
      return given(await commands.cancel(id, params.id));
    },
  );
}

function given(command: DeviceCommand): CommandGiven {
  const { id, text, state, response } = command;
  return {
    id,
    text,
    state,
    queued: dateOrNull(command.queued),
    sent: dateOrNull(command.sent),
    done: dateOrNull(command.done),
    expired: dateOrNull(command.expired),
    cancelled: dateOrNull(command.cancelled),
    expires: dateOrNull(command.expires),
    response,
  };
}
