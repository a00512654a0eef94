/**
 * The load of the benchmarks, a process of its own: devices that send locations and a barrier, and the next batch when
 * the barrier is answered.
 * Usage: node load.js '{"port":…,"connections":…,"batch":…,"seconds":…}' (`LoadOrder`); prints one line of JSON
 * (`LoadResult`), before it one (`LoadProgress`) every 100 ms where the order says so.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { talkers } from './talkers.js';

export interface LoadOrder {
  readonly protocol: keyof typeof talkers;
  /** An address of the server: of the loopback there are many, each with ports of its own for its clients. */
  readonly host: string;
  readonly port: number;
  /** The number of the first device, from which its ident is made. */
  readonly first: number;
  readonly connections: number;
  /** Readings before each barrier; 0: identify only, and wait. */
  readonly batch: number;
  /** Seconds that count, behind a second that does not. */
  readonly seconds: number;
  /** Ends when so many readings are acknowledged, warm-up included; 0: when the seconds are over. */
  readonly readings: number;
}

export interface LoadResult {
  readonly readings: number;
  readonly seconds: number;
  /** Milliseconds from a barrier to its answer. */
  readonly p50: number;
  readonly p99: number;
  readonly barriers: number;
}

export interface LoadProgress {
  /** Milliseconds since the load began. */
  readonly at: number;
  /** Readings acknowledged so far. */
  readonly acknowledged: number;
}

/** Latencies kept; beyond that every further one replaces an older one. */
const MAX_LATENCIES = 200_000;
/** Load before counting begins, in ms. */
const WARM_UP = 1_000;
/** Connections that are opened at one time. */
const OPENING = 200;

const order: LoadOrder = JSON.parse(process.argv[2] ?? '{}');
const { host, port, connections, batch } = order;
let counting = false;
let readings = 0;
let acknowledged = 0;
let barriers = 0;
const latencies = new Float64Array(MAX_LATENCIES);

/** A device that is identified; `start` sets it going. */
function device(index: number): Promise<{ socket: Socket; start: () => void }> {
  const socket = connect({ host, port, noDelay: true });
  const talker = talkers[order.protocol](index, batch);
  let sentAt = 0;
  const send = () => {
    sentAt = performance.now();
    // A copy, as the socket may keep it.
    socket.write(Buffer.from(talker.batch()));
  };
  let identified = false;
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`connection ${index} was closed`)));
    socket.on('connect', () => socket.write(talker.hello));
    socket.on('data', (bytes: Buffer) => {
      if (!identified) {
        // The answer, perhaps followed by questions that this load leaves unanswered.
        identified = true;
        setTimeout(() => resolve({ socket, start: send }), 50);
        return;
      }
      if (!talker.isAnswered(bytes)) return;
      answered(performance.now() - sentAt);
      send();
    });
  });
}

function answered(latency: number): void {
  acknowledged += batch;
  if (!counting) return;
  readings += batch;
  latencies[barriers++ % MAX_LATENCIES] = latency;
}

const devices: { socket: Socket; start: () => void }[] = [];
for (let first = 0; first < connections; first += OPENING) {
  const these = Array.from({ length: Math.min(OPENING, connections - first) }, (_, index) =>
    device(order.first + first + index),
  );
  devices.push(...(await Promise.all(these)));
}
if (batch > 0) for (const { start } of devices) start();
else process.stdout.write('{"at":0,"acknowledged":0}\n');

const began = performance.now();
let started = began;
if (order.readings > 0) {
  counting = true;
  while (acknowledged < order.readings) {
    await sleep(100);
    const progress: LoadProgress = { at: performance.now() - began, acknowledged };
    process.stdout.write(`${JSON.stringify(progress)}\n`);
  }
} else {
  await sleep(WARM_UP);
  counting = true;
  started = performance.now();
  await sleep(order.seconds * 1_000);
}
counting = false;
const took = (performance.now() - started) / 1_000;
const sorted = latencies.subarray(0, Math.min(barriers, MAX_LATENCIES)).sort();
const percentile = (p: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
const result: LoadResult = { readings, seconds: took, p50: percentile(0.5), p99: percentile(0.99), barriers };
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
