import { type Static, Type } from 'typebox';
import type { Account } from '../accounts/account.js';
import { sees } from '../accounts/account.js';
import { DEFAULT_DOMAIN, type Domain } from '../accounts/domains.js';
import { DateOrNull, dateOrNull } from './dates.js';
import { DEFAULT_PAGE, Next, pageQuery } from './pages.js';
import type { Api, ApiParts } from './parts.js';
import { notFound, Problem } from './problem.js';
import { problems } from './responses.js';

const Name = Type.String({ minLength: 1, maxLength: 255, description: 'a name of 1 to 255 characters' });

export const DomainGiven = Type.Object(
  { id: Type.String({ format: 'uuid' }), name: Type.String(), deleted: DateOrNull },
  { $id: 'Domain', examples: [{ id: '6d3c3aa8-9f83-5a2f-a57c-53d6a8a06bb3', name: 'north', deleted: null }] },
);
export type DomainGiven = Static<typeof DomainGiven>;

export const DomainsPage = Type.Object({ domains: Type.Array(DomainGiven), next: Next });
export type DomainsPage = Static<typeof DomainsPage>;

const DomainParams = Type.Object({
  domain: Type.String({
    minLength: 1,
    maxLength: 255,
    description: 'the UUID or name of a domain',
    examples: ['north'],
  }),
});

const DomainWanted = Type.Object({ name: Name }, { additionalProperties: false, examples: [{ name: 'north' }] });

/** Whom devices and users belong to: what is of one domain, the users of another do not see. */
export function addDomains(app: Api, parts: ApiParts): void {
  const { domains } = parts;
  const tags = ['accounts'];

  app.get(
    '/api/domains',
    {
      schema: {
        tags,
        summary: 'Domains in the order of their names; a user sees his own',
        querystring: Type.Object(
          {
            ...pageQuery,
            deleted: Type.Optional(Type.Boolean({ description: 'true: those marked as deleted instead' })),
          },
          { additionalProperties: false },
        ),
        response: { 200: DomainsPage, ...problems(400) },
      },
    },
    async ({ account, query: { limit = DEFAULT_PAGE, cursor, deleted } }) => {
      const where = ({ id }: Domain) => sees(account, { domain: id });
      const page = await domains.list({ limit, after: cursor, deleted, where });
      return { domains: page.entities.map(given), next: page.next };
    },
  );

  app.get(
    '/api/domains/:domain',
    {
      schema: {
        tags,
        summary: 'One domain',
        params: DomainParams,
        response: { 200: DomainGiven, ...problems(400, 404) },
      },
    },
    async ({ account, params }) => given(await domainOf(account, params.domain)),
  );

  app.post(
    '/api/domains',
    {
      schema: {
        tags,
        summary: 'Make a domain',
        body: DomainWanted,
        response: { 201: DomainGiven, ...problems(400, 409, 413, 415, 503) },
      },
    },
    async ({ body }, reply) => {
      const domain = await domains.create(body.name);
      reply.code(201);
      return given(domain);
    },
  );

  app.patch(
    '/api/domains/:domain',
    {
      schema: {
        tags,
        summary: `Rename a domain; new devices join the one named ${DEFAULT_DOMAIN}`,
        params: DomainParams,
        body: DomainWanted,
        response: { 200: DomainGiven, ...problems(400, 404, 409, 413, 415, 503) },
      },
    },
    async ({ account, params, body }) => {
      const { id } = await domainOf(account, params.domain);
      return given(await domains.rename(id, body.name));
    },
  );

  app.delete(
    '/api/domains/:domain',
    {
      schema: {
        tags,
        summary: 'Mark a domain as deleted; one that has devices or users cannot be',
        params: DomainParams,
        response: { 200: DomainGiven, ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params }) => {
      const domain = await domainOf(account, params.domain);
      const { devices, users } = await domains.members(domain.id);
      if (devices + users > 0)
        throw new Problem(409, `the domain has ${devices} devices and ${users} users; they must join another first`, {
          field: 'domain',
        });
      return given(await domains.delete(domain.id));
    },
  );

  app.post(
    '/api/domains/:domain/restore',
    {
      schema: {
        tags,
        summary: 'Take back that a domain was deleted; named by the UUID where the name was taken since',
        params: DomainParams,
        response: { 200: DomainGiven, ...problems(400, 404, 409, 503) },
      },
    },
    async ({ account, params }) => given(await domains.restore((await domainOf(account, params.domain)).id)),
  );

  async function domainOf(account: Account, idOrName: string): Promise<Domain> {
    const domain = await domains.find(idOrName);
    if (!domain || !sees(account, { domain: domain.id })) throw notFound('domain', idOrName, 'domain');
    return domain;
  }
}

function given({ id, name, deleted }: Domain): DomainGiven {
  return { id, name, deleted: dateOrNull(deleted) };
}
