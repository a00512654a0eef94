import { Refusal } from '../devices/refusal.js';
import { checkLine, shown } from '../devices/text.js';
import type { EntityKind } from '../registry/entity.js';
import { path } from '../registry/paths.js';
import type { Edit } from '../registry/registry.js';
import { type Role, roleOf } from './account.js';
import type { Domains } from './domains.js';
import { type NamedEntities, type NamedEntity, type NamedOptions, openNamed } from './named.js';

/** Who may use the gateway: `/user/<uuid>/`, see docs/data-model.md. */
export interface User extends NamedEntity {
  /** UUID of the domain whose things he sees; null: of all domains. */
  readonly domain: string | null;
  /** What he may do; null: nothing. */
  readonly role: Role | null;
  /** The hash of the password as it was given, or null; never the password, and never to be shown. */
  readonly password: string | null;
}

export interface Users extends NamedEntities<User> {
  /** Domain by UUID or name; null takes the value away. */
  update(id: string, changes: UserChanges): Promise<User>;
  settings(id: string): Promise<ReadonlyMap<string, string>>;
  setSettings(id: string, values: Readonly<Record<string, string>>): Promise<void>;
}

export interface UserChanges {
  readonly domain?: string | null | undefined;
  readonly role?: Role | undefined;
  /** The hash of a password. */
  readonly password?: string | null | undefined;
}

const userKind: EntityKind<User> = {
  name: 'user',
  // Version 1 only says so: what was there before is of the same layout.
  upgrades: [() => ({})],
  read: (id, values, deleted) => ({
    id,
    name: values.get('name') ?? '',
    domain: values.get('domain') ?? null,
    role: roleOf(values.get('role')),
    password: values.get('password') ?? null,
    deleted,
  }),
};

export function openUsers(options: NamedOptions, domains: Domains): Users {
  const { registry, turns } = options;
  const users = openNamed(userKind, options);

  async function alive(id: string): Promise<User> {
    const user = await users.get(id);
    if (user?.deleted !== null) throw new Refusal('unknown', `There is no user ${shown(id)}, or it is deleted`, 'user');
    return user;
  }

  async function update(id: string, { domain, role, password }: UserChanges): Promise<User> {
    return turns(userKind.name, async () => {
      const before = await alive(id);
      const at = path(userKind.name, id);
      const edits: Edit[] = [];
      if (domain !== undefined) {
        const joined = domain === null ? null : await domains.find(domain);
        if (joined === undefined || (joined && joined.deleted !== null))
          throw new Refusal('invalid', `There is no domain ${shown(domain ?? '')}`, 'domain');
        edits.push(valueEdit(at, 'domain', joined?.id ?? null));
        if (before.domain !== null)
          edits.push({ edit: 'unset', path: path('domain', before.domain, 'users'), names: [id] });
        if (joined) edits.push({ edit: 'set', path: path('domain', joined.id, 'users'), values: { [id]: '' } });
      }
      if (role !== undefined) edits.push(valueEdit(at, 'role', role));
      if (password !== undefined) edits.push(valueEdit(at, 'password', password));
      if (edits.length > 0) await registry.edit(edits);
      return alive(id);
    });
  }

  /** A domain's list holds those that are not deleted. */
  async function listed(user: User): Promise<User> {
    if (user.domain === null) return user;
    const at = path('domain', user.domain, 'users');
    if (user.deleted === null) await registry.set(at, { [user.id]: '' });
    else await registry.unset(at, [user.id]);
    return user;
  }

  return {
    ...users,
    update,
    delete: async (id) => listed(await users.delete(id)),
    restore: async (id) => listed(await users.restore(id)),
    settings: async (id) =>
      (await registry.get(path(userKind.name, id, 'settings')))?.values ?? new Map<string, string>(),
    setSettings: async (id, values) => {
      for (const [name, value] of Object.entries(values)) checkLine(`value of the setting ${shown(name)}`, value);
      await turns(userKind.name, async () => {
        await alive(id);
        await registry.set(path(userKind.name, id, 'settings'), values);
      });
    },
  };
}

function valueEdit(at: string, name: string, value: string | null): Edit {
  return value === null
    ? { edit: 'unset', path: at, names: [name] }
    : { edit: 'set', path: at, values: { [name]: value } };
}
