/** Latencies, counted in buckets whose width grows with them: every percentile is right to 1 %, in constant memory. */
export class Histogram {
  /** Buckets: 128 of a microsecond, then 128 for each doubling, up to half an hour. */
  readonly #counts = new Uint32Array(PER_DOUBLING * (HIGHEST_SHIFT + 2));
  #total = 0;
  #most = 0;

  get count(): number {
    return this.#total;
  }

  /** The largest, in ms. */
  get max(): number {
    return this.#most;
  }

  record(ms: number): void {
    const microseconds = Math.min(Math.max(0, Math.round(ms * 1_000)), MOST);
    const shift = Math.max(0, 24 - Math.clz32(microseconds));
    const bucket = shift * PER_DOUBLING + (microseconds >>> shift);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#total++;
    this.#most = Math.max(this.#most, ms);
  }

  /** The latency in ms that a share of all, from 0 to 1, does not exceed; 0 where there are none. */
  percentile(share: number): number {
    const rank = Math.max(1, Math.ceil(this.#total * share));
    let seen = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen < rank) continue;
      const shift = Math.max(0, Math.floor(bucket / PER_DOUBLING) - 1);
      const microseconds = (bucket - shift * PER_DOUBLING + 1) * 2 ** shift - 1;
      return Math.min(microseconds / 1_000, this.#most);
    }
    return 0;
  }
}

const PER_DOUBLING = 128;
const HIGHEST_SHIFT = 23;
const MOST = 2 ** 31 - 1;
