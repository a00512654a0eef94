/** Domains: whom devices and users belong to. */
export interface Domains {
  get(id: string): Promise<Domain | undefined>;
  /** The domain of this UUID or name; deleted ones by UUID only, for a name is free again. */
  find(idOrName: string): Promise<Domain | undefined>;
  /** A page in the order of names, or of ids among the deleted ones; `after` is the name or id. */
  list(query: { after?: string | undefined; limit: number; deleted?: boolean | undefined }): Promise<DomainPage>;
  /** Rejects with a `Refusal`: `invalid` or `conflict`. */
  create(name: string): Promise<Domain>;
  /** The domain of a name, made when there is none; of two gateways that meet, both make the same. */
  ensure(name: string): Promise<Domain>;
  rename(id: string, name: string): Promise<Domain>;
  delete(id: string): Promise<Domain>;
  /** Rejects with a `Refusal` `conflict` when its name is taken meanwhile. */
  restore(id: string): Promise<Domain>;
}

export interface Domain {
  /** UUID. */
  readonly id: string;
  readonly name: string;
  /** When it was marked as deleted, UNIX ms, or null. */
  readonly deleted: number | null;
}

export interface DomainPage {
  readonly domains: readonly Domain[];
  readonly next: string | null;
}
