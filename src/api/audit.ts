import { type Static, Type } from 'typebox';
import { type Account, ADMIN_TOKEN_ID, isAtLeast, isOverAll, sees } from '../accounts/account.js';
import { jsonOf } from '../queries/json.js';
import { AUDIT_TYPE, trailOf } from './audit-trail.js';
import { forbidden } from './auth.js';
import { DateGiven, DateText, isoDate, parseDate } from './dates.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { problems } from './responses.js';
import { userOf } from './users.js';

export const ActGiven = Type.Object(
  {
    time: DateGiven,
    action: Type.String({ description: 'method and route' }),
    path: Type.String(),
    by: Type.String({ description: 'the name of the account at that time' }),
    token: Type.Union([Type.String(), Type.Null()], { description: 'id of the API token that was shown' }),
    address: Type.String(),
    request: Type.String({ description: 'X-Request-Id of the answer, and in the log' }),
    given: Type.Record(Type.String(), Type.Unknown(), { description: 'members of the body; none that is secret' }),
    failed: Type.Boolean({ description: 'true: an attempt to log in that failed' }),
  },
  {
    $id: 'Act',
    examples: [
      {
        time: '2026-11-20T12:30:00.000Z',
        action: 'POST /api/devices/:device/commands',
        path: '/api/devices/imei:490154203237518/commands',
        by: 'ada',
        token: null,
        address: '192.0.2.7',
        request: '0191b9f0-7c3e-7a53-9d6e-2f1f6a3c9b11',
        given: { text: 'reboot' },
        failed: false,
      },
    ],
  },
);
export type ActGiven = Static<typeof ActGiven>;

export const AuditPage = Type.Object({ acts: Type.Array(ActGiven), next: Next });
export type AuditPage = Static<typeof AuditPage>;

/** What accounts did. */
export function addAudit(app: Api, parts: ApiParts): void {
  app.get(
    '/api/audit',
    {
      schema: {
        tags: ['accounts'],
        summary: 'What an account changed, the newest first: your own, or to an admin that of a user of his domain',
        querystring: Type.Object(
          {
            account: Type.Optional(
              Type.String({
                minLength: 1,
                maxLength: 255,
                description: 'the UUID or name of a user, or the UUID of a token that stands for itself',
              }),
            ),
            from: Type.Optional(DateText),
            to: Type.Optional(DateText),
            ...pageQuery,
          },
          { additionalProperties: false },
        ),
        response: { 200: AuditPage, ...problems(400, 404) },
      },
    },
    async ({ account, query: { account: wanted, from, to, limit = DEFAULT_PAGE, cursor } }) => {
      const page = await parts.series.page({
        id: trailOf(wanted === undefined ? account.id : await idOf(account, wanted)),
        type: AUDIT_TYPE,
        from: from === undefined ? undefined : parseDate('from', from),
        to: to === undefined ? undefined : parseDate('to', to, true),
        order: 'newest',
        limit,
        after: cursor,
      });
      return { acts: page.readings.map(({ time, data }) => given(time, jsonOf(data))), next: page.next };
    },
  );

  async function idOf(account: Account, wanted: string): Promise<string> {
    if (wanted === account.id || wanted === account.name) return account.id;
    if (!isAtLeast(account.role, 'admin')) throw forbidden('what others did is seen by admins alone');
    // Of the admin token, and of tokens that stand for themselves, there is no user.
    if (wanted === ADMIN_TOKEN_ID && isOverAll(account)) return wanted;
    const token = await parts.credentials.tokens.get(wanted);
    if (token?.owner === null && sees(account, token)) return token.id;
    return (await userOf(parts, account, wanted, 'account')).id;
  }
}

function given(time: number, data: unknown): ActGiven {
  const text = (name: string) => {
    const value = member(data, name);
    return typeof value === 'string' ? value : '';
  };
  const members = member(data, 'given');
  return {
    time: isoDate(time),
    action: text('action'),
    path: text('path'),
    by: text('by'),
    token: text('token') || null,
    address: text('address'),
    request: text('request'),
    given: typeof members === 'object' && members !== null ? { ...members } : {},
    failed: member(data, 'failed') === true,
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}
