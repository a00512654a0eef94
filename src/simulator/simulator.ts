/** Many simulated devices, for a while, and what came of it. */
import type { Protocol } from '../../protocols/protocol.js';
import { Histogram } from './histogram.js';
import { type Ledger, newLedger } from './ledger.js';
import type { Route } from './routes.js';
import { startDevice, type Tally } from './simulated-device.js';

export interface SimulationOptions {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  readonly devices: number;
  /** Readings a second of all devices together; Infinity: as fast as barriers are answered. */
  readonly rate: number;
  /** Readings before each barrier. */
  readonly batch: number;
  /** Milliseconds. */
  readonly duration: number;
  readonly route: Route;
  /** The ident of a device, by its number from 0. */
  readonly ident: (index: number) => string;
  /** Called about once a second. */
  readonly onProgress: (progress: Progress) => void;
  /** Ends the simulation before its time. */
  readonly signal: AbortSignal;
  /** UNIX ms. */
  readonly now: () => number;
  readonly random: () => number;
}

export interface Progress {
  /** Milliseconds since the beginning. */
  readonly at: number;
  readonly connected: number;
  readonly sent: number;
  readonly acknowledged: number;
  /** Readings acknowledged a second, since the progress before. */
  readonly rate: number;
  readonly trouble: string;
}

export interface SimulationResult {
  readonly devices: number;
  /** Seconds. */
  readonly seconds: number;
  /** Readings, those sent again included. */
  readonly sent: number;
  readonly acknowledged: number;
  /** Readings acknowledged a second. */
  readonly rate: number;
  readonly settings: number;
  readonly commands: number;
  /** Connections that ended before the simulation did, and identifications that were refused. */
  readonly dropped: number;
  readonly refused: number;
  /** Milliseconds from a barrier to its answer. */
  readonly latency: Latency;
  /** The newest reason why a device could not do what it wanted; empty: none. */
  readonly trouble: string;
}

export interface Latency {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface Simulation {
  readonly protocol: Protocol;
  readonly result: SimulationResult;
  readonly ledgers: readonly Ledger[];
  /** UNIX ms of a reading, by its number. */
  readonly dateOf: (number: number) => number;
}

/** Devices at the most: each has a socket. */
export const MAX_DEVICES = 50_000;
/** How far back the dates of devices begin that send as fast as they can: a reading a second, none in the future. */
const LONGEST_PAST = 40 * 24 * 3_600_000;
/** Milliseconds that the answers to the last barriers may take. */
const LAST_ANSWERS = 5_000;

/** Runs devices for the duration, or until the signal. */
export async function simulate(options: SimulationOptions): Promise<Simulation> {
  const { devices, batch, rate, duration, route } = options;
  const histogram = new Histogram();
  const tally = newTally(histogram);
  const every = (batch * devices * 1_000) / rate;
  const dateOf = dates(options, every / batch);
  const ledgers = Array.from({ length: devices }, (_, index) => newLedger(index, options.ident(index)));
  const started = performance.now();
  const first = dateOf(0);
  const running = ledgers.map((ledger) =>
    startDevice(ledger, {
      ...options,
      every,
      tally,
      reading: (number) => {
        const time = dateOf(number);
        return { time, ...route(ledger.index, (time - first) / 1_000) };
      },
    }),
  );
  await progressUntil(duration, options, tally, started);
  const seconds = (performance.now() - started) / 1_000;
  const acknowledgedInTime = tally.acknowledged;
  await Promise.all(running.map((device) => device.stop(LAST_ANSWERS)));
  const { connected: _, barrierAnswered: __, ...counts } = tally;
  const latency = {
    p50: histogram.percentile(0.5),
    p90: histogram.percentile(0.9),
    p99: histogram.percentile(0.99),
    p999: histogram.percentile(0.999),
    max: histogram.max,
  };
  const result = { devices, seconds, ...counts, rate: acknowledgedInTime / seconds, latency };
  return { protocol: options.protocol, result, ledgers, dateOf };
}

/**
 * A device has one reading a date, and M2MP dates have whole seconds. Dates begin a batch ago, which is sent at once;
 * where more are sent a second than pass, as far in the past as it takes. So none lies in the future.
 */
function dates({ rate, batch, duration, now }: SimulationOptions, every: number): (number: number) => number {
  const step = Math.max(1, Math.round(every / 1_000)) * 1_000;
  const past = rate === Number.POSITIVE_INFINITY ? LONGEST_PAST : Math.max(0, (duration / every) * step - duration);
  const first = Math.floor((now() - past - batch * step) / 1_000) * 1_000;
  return (number) => first + number * step;
}

function newTally(histogram: Histogram): Tally {
  return {
    connected: 0,
    sent: 0,
    acknowledged: 0,
    settings: 0,
    commands: 0,
    dropped: 0,
    refused: 0,
    trouble: '',
    barrierAnswered: (ms) => histogram.record(ms),
  };
}

function progressUntil(
  duration: number,
  { signal, onProgress }: SimulationOptions,
  tally: Tally,
  started: number,
): Promise<void> {
  let before = { at: 0, acknowledged: 0 };
  const progress = () => {
    const at = performance.now() - started;
    const { connected, sent, acknowledged, trouble } = tally;
    const rate = ((acknowledged - before.acknowledged) / (at - before.at)) * 1_000;
    before = { at, acknowledged };
    onProgress({ at, connected, sent, acknowledged, rate, trouble });
  };
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const ticking = setInterval(progress, 1_000);
    const end = () => {
      clearInterval(ticking);
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, duration);
    signal.addEventListener('abort', end);
  });
}
