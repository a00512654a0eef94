/** A map that forgets what was used least recently once it holds `most` entries. */
export interface BoundedMap<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
}

export function createBoundedMap<V>(most: number): BoundedMap<V> {
  // Two generations instead of an order: a use costs no more than a look, and what is used survives the change.
  let young = new Map<string, V>();
  let old = new Map<string, V>();

  function set(key: string, value: V): void {
    young.set(key, value);
    if (young.size * 2 < most) return;
    old = young;
    young = new Map();
  }

  function get(key: string): V | undefined {
    const found = young.get(key);
    if (found !== undefined) return found;
    const earlier = old.get(key);
    if (earlier !== undefined) set(key, earlier);
    return earlier;
  }

  return { get, set };
}
