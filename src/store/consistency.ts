/** Cassandra's consistency levels, and which pairs of them see every write that was acknowledged. */

export const CONSISTENCIES = [
  'ONE',
  'TWO',
  'THREE',
  'QUORUM',
  'ALL',
  'LOCAL_ONE',
  'LOCAL_QUORUM',
  'EACH_QUORUM',
] as const;
export type Consistency = (typeof CONSISTENCIES)[number];

/** Copies of each row by data centre; SimpleStrategy, which knows none, has all of them in the local one. */
export type Replication = ReadonlyMap<string, number>;

/**
 * Whether each read meets a copy that has each acknowledged write (W + R > RF), in the local data centre or over all of
 * them. What it cannot prove it denies.
 */
export function readsSeeWrites(
  write: Consistency,
  read: Consistency,
  replication: Replication,
  datacenter: string,
): boolean {
  const local = replication.get(datacenter) ?? 0;
  const total = [...replication.values()].reduce((sum, copies) => sum + copies, 0);
  const copies = (consistency: Consistency) => copiesOf(consistency, local, total);
  const [w, r] = [copies(write), copies(read)];
  return local > 0 && (w.local + r.local > local || w.anywhere + r.anywhere > total);
}

/** How many copies answer at the least, of the local data centre and of all. */
function copiesOf(consistency: Consistency, local: number, total: number): { local: number; anywhere: number } {
  const quorum = (of: number) => Math.floor(of / 2) + 1;
  const here = (copies: number) => ({ local: copies, anywhere: copies });
  // Copies elsewhere may be all that answered before the local ones did.
  const anywhere = (copies: number) => ({ local: Math.max(0, copies - (total - local)), anywhere: copies });
  switch (consistency) {
    case 'ONE':
      return anywhere(1);
    case 'TWO':
      return anywhere(2);
    case 'THREE':
      return anywhere(3);
    case 'QUORUM':
      return anywhere(quorum(total));
    case 'ALL':
      return anywhere(total);
    case 'LOCAL_ONE':
      return here(1);
    case 'LOCAL_QUORUM':
    case 'EACH_QUORUM':
      return here(quorum(local));
  }
}
