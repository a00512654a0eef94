/** Why a store cannot be opened; `code` is stable, the message is for the operator. */
export class StoreNotOpened extends Error {
  constructor(
    readonly code: 'in_use' | 'newer_layout' | 'foreign' | 'damaged' | 'full' | 'away' | 'stale_reads',
    message: string,
  ) {
    super(message);
    this.name = 'StoreNotOpened';
  }
}
