/** A binary heap: the first of many by an order, again and again. */
export interface Heap<T> {
  readonly first: T | undefined;
  readonly size: number;
  add(item: T): void;
  /** To be called when what `first` is ordered by has changed. */
  firstChanged(): void;
  removeFirst(): T | undefined;
}

/** `compare` is negative where `a` comes first. */
export function createHeap<T>(compare: (a: T, b: T) => number): Heap<T> {
  const items: T[] = [];

  function rise(from: number): void {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!swapUnlessBefore(parent, at)) return;
      at = parent;
    }
  }

  function sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      const [one, other] = [items[left], items[left + 1]];
      if (one === undefined) return;
      const child = other !== undefined && compare(other, one) < 0 ? left + 1 : left;
      if (!swapUnlessBefore(at, child)) return;
      at = child;
    }
  }

  function swapUnlessBefore(upper: number, lower: number): boolean {
    const [a, b] = [items[upper], items[lower]];
    if (a === undefined || b === undefined || compare(a, b) <= 0) return false;
    items[upper] = b;
    items[lower] = a;
    return true;
  }

  return {
    get first() {
      return items[0];
    },
    get size() {
      return items.length;
    },
    add(item) {
      items.push(item);
      rise(items.length - 1);
    },
    firstChanged: () => sink(0),
    removeFirst() {
      const first = items[0];
      const last = items.pop();
      if (items.length > 0 && last !== undefined) {
        items[0] = last;
        sink(0);
      }
      return first;
    },
  };
}
