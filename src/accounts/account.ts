/** Who asks: what he may do, and whose things he sees. */

/** What an account may do, the least first: each may do all that those before it may. */
export const ROLES = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** The account of a request, whatever it proved itself with. */
export interface Account {
  /** UUID under which what it does is kept: of a user, of a token that stands for itself, or `ADMIN_TOKEN_ID`. */
  readonly id: string;
  /** Of the user or the token. */
  readonly name: string;
  /** null: nobody, who may ask only what everybody may. */
  readonly role: Role | null;
  /** UUID of the domain whose devices it sees; null: of all domains. */
  readonly domain: string | null;
  /** Whether it may change nothing. */
  readonly readOnly: boolean;
  /** UUID of the user it is of; null: the admin token, or a token that stands for itself. */
  readonly user: string | null;
  /** UUID of the API token that was shown; null: none was. */
  readonly token: string | null;
}

/** The account of the admin token that the first start makes. */
export const ADMIN_TOKEN_ID = '00000000-0000-0000-0000-000000000000';

export const ADMIN_TOKEN_ACCOUNT: Account = {
  id: ADMIN_TOKEN_ID,
  name: 'admin token',
  role: 'admin',
  domain: null,
  readOnly: false,
  user: null,
  token: null,
};

export const NOBODY: Account = {
  id: '',
  name: '',
  role: null,
  domain: null,
  readOnly: true,
  user: null,
  token: null,
};

/** Whether an account sees a device, or whatever else belongs to a domain. */
export function sees(account: Account, owned: { readonly domain: string | null }): boolean {
  if (account.role === null) return false;
  return account.domain === null || account.domain === owned.domain;
}

/** Whether an account is over all domains. */
export function isOverAll(account: Account): boolean {
  return account.role !== null && account.domain === null;
}

/** Whether a role may do what `needed` may. */
export function isAtLeast(role: Role | null, needed: Role): boolean {
  return role !== null && ROLES.indexOf(role) >= ROLES.indexOf(needed);
}

/** The lesser of two roles. */
export function lesser(one: Role, other: Role): Role {
  return isAtLeast(one, other) ? other : one;
}

/** A role that is kept as text; null: it is none. */
export function roleOf(text: string | undefined): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}
