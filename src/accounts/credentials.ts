/** What clients prove themselves with, and the account that it stands for. */
import { createTurns } from '../devices/turns.js';
import type { Registry } from '../registry/registry.js';
import { type Account, ADMIN_TOKEN_ACCOUNT, lesser, type Role } from './account.js';
import { type ApiToken, type ApiTokens, openApiTokens } from './api-tokens.js';
import { createPasswords, type Passwords } from './passwords.js';
import { hashOf } from './secrets.js';
import { openSessions, type Sessions } from './sessions.js';
import { checkToken } from './tokens.js';
import type { User, Users } from './users.js';

/** Accounts that are remembered. */
export const MAX_KNOWN_ACCOUNTS = 10_000;
/** Milliseconds after which an account is looked up again: so long another gateway's change may go unseen. */
export const ACCOUNT_KNOWN_FOR = 5_000;

export interface Credentials {
  readonly tokens: ApiTokens;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
  /** The account of a bearer token, the admin token's too; null: it is none, or holds no longer. */
  ofToken(text: string): Promise<Account | null>;
  /** The account of a session's text. */
  ofSession(text: string): Promise<Account | null>;
  /** Forgets what is remembered: an account, a token or a session was changed here. */
  forget(): void;
}

export interface CredentialOptions {
  readonly registry: Registry;
  readonly users: Users;
  /** The token of the data directory. */
  readonly adminToken: string;
  /** UNIX ms. */
  readonly now: () => number;
  /** Called when the last use of a token could not be noted; it is used all the same. */
  readonly onTrouble: (error: unknown) => void;
}

export function openCredentials({ registry, users, adminToken, now, onTrouble }: CredentialOptions): Credentials {
  const turns = createTurns();
  const tokens = openApiTokens({ registry, turns, now });
  const sessions = openSessions({ registry, turns, now });
  const known = new Map<string, Known>();
  let changes = 0;

  /** What `lookUp` gives, remembered by a hash of the credential, but for what was forgotten meanwhile. */
  async function remembered(kind: string, text: string, lookUp: () => Promise<Found | null>): Promise<Found | null> {
    const key = `${kind} ${hashOf(text)}`;
    const entry = known.get(key);
    if (entry && now() < entry.until) return entry.found;
    const before = changes;
    const found = await lookUp();
    known.delete(key);
    // What is no credential is not remembered: whoever tries them out would push the others out.
    if (!found || before !== changes) return found;
    known.set(key, { found, until: Math.min(now() + ACCOUNT_KNOWN_FOR, found.expires) });
    const oldest = known.keys().next();
    if (known.size > MAX_KNOWN_ACCOUNTS && !oldest.done) known.delete(oldest.value);
    return found;
  }

  async function lookUpToken(text: string): Promise<Found | null> {
    const token = await tokens.ofText(text);
    if (!token) return null;
    const account = token.owner === null ? ownAccount(token) : await accountOfOwner(token, token.owner);
    return account && { account, token, expires: token.expires ?? Number.POSITIVE_INFINITY };
  }

  async function accountOfOwner(token: ApiToken, owner: string): Promise<Account | null> {
    const user = await users.get(owner);
    const account = user ? userAccount(user) : null;
    if (!account?.role) return null;
    // A user who joined another domain takes his tokens with him, and one limited to the former sees nothing any more.
    if (account.domain !== null && token.domain !== null && token.domain !== account.domain) return null;
    return {
      ...account,
      role: lesser(token.role, account.role),
      domain: account.domain ?? token.domain,
      readOnly: token.readOnly,
      token: token.id,
    };
  }

  async function lookUpSession(text: string): Promise<Found | null> {
    const session = await sessions.find(text);
    const user = session && (await users.get(session.user));
    const account = user ? userAccount(user) : null;
    return session && account ? { account, token: null, expires: session.expires } : null;
  }

  return {
    tokens,
    sessions,
    passwords: createPasswords(),
    async ofToken(text) {
      if (checkToken(adminToken, text)) return ADMIN_TOKEN_ACCOUNT;
      const found = await remembered('token', text, () => lookUpToken(text));
      if (found?.token) tokens.used(found.token).catch(onTrouble);
      return found?.account ?? null;
    },
    async ofSession(text) {
      return (await remembered('session', text, () => lookUpSession(text)))?.account ?? null;
    },
    forget() {
      changes++;
      known.clear();
    },
  };
}

/** What a credential stands for, and until when. */
interface Found {
  readonly account: Account;
  readonly token: ApiToken | null;
  /** UNIX ms. */
  readonly expires: number;
}

interface Known {
  readonly found: Found;
  readonly until: number;
}

/** The account of a user; null: he is deleted, or may do nothing. */
export function userAccount({ id, name, role, domain, deleted }: User): Account | null {
  if (deleted !== null || role === null) return null;
  return { id, name, role, domain, readOnly: false, user: id, token: null };
}

function ownAccount({ id, name, role, domain, readOnly }: ApiToken & { readonly role: Role }): Account {
  return { id, name, role, domain, readOnly, user: null, token: id };
}
