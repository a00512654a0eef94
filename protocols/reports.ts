/** What a device keeps until it is acknowledged, and barriers behind it: the device's own bookkeeping. */
export class Reports {
  /** Serial numbers of messages that are not acknowledged, in their order. */
  readonly #open = new Set<number>();
  #barriers: { readonly n: number; readonly behind: Set<number> }[] = [];

  /** A message was sent that is answered when it is durable. */
  sent(serial: number): void {
    this.#open.add(serial);
  }

  /** A barrier behind all that was sent; false: all of it is acknowledged, so that nothing would answer it. */
  barrier(n: number): boolean {
    if (this.#open.size === 0) return false;
    this.#barriers.push({ n, behind: new Set(this.#open) });
    return true;
  }

  /** The same bytes, once the barrier stands behind what they report. */
  behind<T>(bytes: T, n: number): T {
    this.barrier(n);
    return bytes;
  }

  /** A message was answered: the barriers that nothing stands before any more. What is refused stays before them. */
  answered(serial: number, accepted: boolean): number[] {
    if (!accepted) return [];
    this.#open.delete(serial);
    for (const { behind } of this.#barriers) behind.delete(serial);
    const due = this.#barriers.findIndex(({ behind }) => behind.size > 0);
    return this.#barriers.splice(0, due === -1 ? this.#barriers.length : due).map(({ n }) => n);
  }
}
