/**
 * Batches put into LMDB directly, as a yardstick: rows as the limit gateway makes them, one batch after another, the
 * next when the one before is durable. Usage: node direct-puts.js DIRECTORY ROWS_A_BATCH SECONDS; prints one line of
 * JSON: `{"rows", "seconds", "p50", "p99"}`, the latter in ms a batch.
 */
import { open } from 'lmdb';

const [directory = 'data', rowsText = '1', secondsText = '5'] = process.argv.slice(2);
const rowsInBatch = Number(rowsText);
const db = open<Buffer, Buffer>({
  path: directory,
  noSubdir: false,
  overlappingSync: false,
  keyEncoding: 'binary',
  encoding: 'binary',
  mapSize: 64e9,
});
const value = Buffer.from(JSON.stringify({ lat: 48.8566, lon: 2.3522, spd: 50, alt: 120 }));
const SERIES = 200;

async function batch(number: number): Promise<void> {
  let last: Promise<boolean> | undefined;
  for (let i = 0; i < rowsInBatch; i++) {
    const key = Buffer.alloc(24, 7);
    key.writeUInt32BE(i % SERIES, 0);
    key.writeUInt32BE(number, 8);
    key.writeUInt32BE(i, 12);
    last = db.put(key, value);
  }
  await Promise.all([last, db.flushed]);
}

const latencies: number[] = [];
let number = 0;
const until = (end: number) => performance.now() < end;
for (const end = performance.now() + 1_000; until(end); ) await batch(number++);
const started = performance.now();
for (const end = started + Number(secondsText) * 1_000; until(end); ) {
  const before = performance.now();
  await batch(number++);
  latencies.push(performance.now() - before);
}
const seconds = (performance.now() - started) / 1_000;
latencies.sort((a, b) => a - b);
const percentile = (p: number) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))] ?? 0;
const result = { rows: latencies.length * rowsInBatch, seconds, p50: percentile(0.5), p99: percentile(0.99) };
process.stdout.write(`${JSON.stringify(result)}\n`);
await db.close();
