import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Histogram } from '../../src/simulator/histogram.js';

it('each percentile is right to 1 %', () => {
  const latencies = fc.array(fc.double({ min: 0.001, max: 100_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(latencies, fc.constantFrom(0.01, 0.5, 0.9, 0.99, 1), (all, share) => {
      const histogram = new Histogram();
      for (const ms of all) histogram.record(ms);
      const sorted = [...all].sort((a, b) => a - b);
      const exact = sorted[Math.ceil(all.length * share) - 1]!;
      expect(Math.abs(histogram.percentile(share) - exact)).toBeLessThanOrEqual(exact * 0.01 + 0.001);
      expect(histogram.count).toBe(all.length);
      expect(histogram.max).toBe(sorted.at(-1));
    }),
  );
});

it('of nothing has percentiles of 0', () => {
  expect(new Histogram().percentile(0.5)).toBe(0);
});
