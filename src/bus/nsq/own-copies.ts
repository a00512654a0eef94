/** What was published here and was handed to the listeners here at once: it is left out when it comes back. */

/** Messages remembered at the most. */
export const MAX_OWN_COPIES = 10_000;

export interface OwnCopies {
  add(text: string): void;
  /** Whether a message is one of them; it is forgotten then. */
  take(text: string): boolean;
}

export function createOwnCopies(): OwnCopies {
  const remembered = new Map<string, number>();
  return {
    add(text) {
      remembered.set(text, (remembered.get(text) ?? 0) + 1);
      if (remembered.size <= MAX_OWN_COPIES) return;
      const [oldest] = remembered.keys();
      if (oldest !== undefined) remembered.delete(oldest);
    },
    take(text) {
      const count = remembered.get(text);
      if (count === undefined) return false;
      if (count > 1) remembered.set(text, count - 1);
      else remembered.delete(text);
      return true;
    },
  };
}
