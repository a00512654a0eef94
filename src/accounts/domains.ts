import type { EntityKind } from '../registry/entity.js';
import { type NamedEntities, type NamedEntity, type NamedOptions, openNamed } from './named.js';

/** Whom devices and users belong to: `/domain/<uuid>/`, see docs/data-model.md. */
export type Domain = NamedEntity;
export type Domains = NamedEntities<Domain>;

/** The domain that new devices join. */
export const DEFAULT_DOMAIN = 'default';

const domainKind: EntityKind<Domain> = {
  name: 'domain',
  // Version 1 only says so: what was there before is of the same layout.
  upgrades: [() => ({})],
  read: (id, values, deleted) => ({ id, name: values.get('name') ?? '', deleted }),
};

export function openDomains(options: NamedOptions): Domains {
  return openNamed(domainKind, options);
}
