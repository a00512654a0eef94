import { expect, it } from 'vitest';
import { createMetrics, metricsText } from '../../src/observe/metrics.js';

it('a machine has the sum of what its parts count, and of ages and states the greatest', async () => {
  const parts = [
    { readings: 3, age: 40, trouble: 1 },
    { readings: 4, age: 50, trouble: 1 },
  ].map(({ readings, age, trouble }) => {
    const metrics = createMetrics();
    metrics.gauge('m2mp_spool_readings', () => readings);
    metrics.gauge('m2mp_spool_age_seconds', () => age);
    metrics.gauge('m2mp_store_trouble', () => trouble);
    return metrics.registry.getMetricsAsJSON();
  });
  const text = await metricsText(await Promise.all(parts));
  expect(text).toMatch(/^m2mp_spool_readings 7$/m);
  expect(text).toMatch(/^m2mp_spool_age_seconds 50$/m);
  expect(text).toMatch(/^m2mp_store_trouble 1$/m);
});
