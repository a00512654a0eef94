import { type Static, Type } from 'typebox';
import { DateGiven, isoDate } from './dates.js';
import { tellChanged } from './deliver.js';
import { DeviceGiven, deviceGiven } from './devices.js';
import type { Api, ApiParts } from './parts.js';
import { notFound } from './problem.js';
import { problems } from './responses.js';

export const WaitingList = Type.Object(
  {
    waiting: Type.Array(
      Type.Object({
        ident: Type.String(),
        protocol: Type.String(),
        source: Type.String({ description: 'address:port of the last attempt' }),
        first: DateGiven,
        last: DateGiven,
        count: Type.Integer(),
      }),
    ),
  },
  {
    examples: [
      {
        waiting: [
          {
            ident: 'imei:490154203237518',
            protocol: 'm2mp',
            source: '192.0.2.7:51000',
            first: '2026-11-20T12:30:00.000Z',
            last: '2026-11-20T12:35:00.000Z',
            count: 6,
          },
        ],
      },
    ],
  },
);
export type WaitingList = Static<typeof WaitingList>;

export const WaitingOutcome = Type.Object({
  device: Type.Union([DeviceGiven, Type.Null()], { description: 'the device that was made, null: dismissed' }),
});
export type WaitingOutcome = Static<typeof WaitingOutcome>;

/** Who called, is not known, and waits to be admitted. */
export function addWaiting(app: Api, parts: ApiParts): void {
  const { waitingRoom, presence } = parts;
  const tags = ['connections'];

  app.get(
    '/api/waiting',
    {
      schema: {
        tags,
        summary: 'Idents that were refused because they are not known, the last attempt first',
        response: { 200: WaitingList, ...problems() },
      },
    },
    async () => {
      const waiting = await waitingRoom.list();
      return { waiting: waiting.map((one) => ({ ...one, first: isoDate(one.first), last: isoDate(one.last) })) };
    },
  );

  app.post(
    '/api/waiting',
    {
      schema: {
        tags,
        summary: 'Admit an ident, so that its next attempt is accepted, or dismiss it',
        body: Type.Object(
          { ident: Type.String({ minLength: 1, maxLength: 255 }), admit: Type.Boolean() },
          { additionalProperties: false, examples: [{ ident: 'imei:490154203237518', admit: true }] },
        ),
        response: { 200: WaitingOutcome, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ body: { ident, admit } }) => {
      if (admit) {
        const device = await waitingRoom.admit(ident);
        tellChanged(parts, device.id);
        return { device: await deviceGiven(presence, device) };
      }
      if (!(await waitingRoom.dismiss(ident))) throw notFound('ident', ident, 'waiting ident');
      return { device: null };
    },
  );
}
