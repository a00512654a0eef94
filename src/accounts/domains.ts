import type { EntityKind } from '../registry/entity.js';
import { path } from '../registry/paths.js';
import { type NamedEntities, type NamedEntity, type NamedOptions, openNamed } from './named.js';

/** Whom devices and users belong to: `/domain/<uuid>/`, see docs/data-model.md. */
export type Domain = NamedEntity;

export interface Domains extends NamedEntities<Domain> {
  /** How many devices and users it has. */
  members(id: string): Promise<{ readonly devices: number; readonly users: number }>;
}

/** The domain that new devices join. */
export const DEFAULT_DOMAIN = 'default';

const domainKind: EntityKind<Domain> = {
  name: 'domain',
  // Version 1 only says so: what was there before is of the same layout.
  upgrades: [() => ({})],
  read: (id, values, deleted) => ({ id, name: values.get('name') ?? '', deleted }),
};

export function openDomains(options: NamedOptions): Domains {
  const count = async (id: string, of: 'devices' | 'users') =>
    (await options.registry.get(path(domainKind.name, id, of)))?.values.size ?? 0;
  return {
    ...openNamed(domainKind, options),
    members: async (id) => ({ devices: await count(id, 'devices'), users: await count(id, 'users') }),
  };
}
