/** Every metric, declared once: name, unit and sentence. The hot path counts in plain numbers, read when scraped. */
import {
  AggregatorRegistry,
  Counter,
  Gauge,
  Histogram,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from 'prom-client';
import type { Oddity } from '../../protocols/protocol.js';

/** What one protocol's connections count. */
export interface ProtocolCounts {
  /** Open connections. */
  open: number;
  opened: number;
  refused: number;
  identified: number;
  identifyRefused: number;
  readings: number;
  futureReadings: number;
  barriers: number;
  bytesIn: number;
  readonly oddities: Record<Oddity, number>;
}

export interface Metrics {
  readonly registry: Registry;
  /** The counts of a protocol; the same object each time. */
  counts(protocol: string): ProtocolCounts;
  /** A barrier of a protocol was answered after so many seconds. */
  barrierAnswered(seconds: number): void;
  committed(writes: number, seconds: number): void;
  /** Reads a number whenever metrics are scraped. */
  gauge(name: GaugeName, read: () => number): void;
}

const gauges = {
  m2mp_ingest_queued_writes: 'Writes handed over and not yet durable',
  m2mp_ingest_queued_bytes: 'Bytes of the writes not yet durable',
  m2mp_ingest_full: '1 while sockets are not read because the queue is at its bound',
  m2mp_store_trouble: '1 while nothing can be stored',
  m2mp_store_used_bytes: 'Bytes the store takes',
  m2mp_store_free_bytes: 'Bytes left for the store',
  m2mp_store_large_partitions: 'Partitions that near 100 MB, of those this process wrote to',
  m2mp_spool_readings: 'Readings in the spool that the store does not have yet',
  m2mp_spool_bytes: 'Bytes of the spool on the local disk',
  m2mp_spool_segments: 'Files of the spool',
  m2mp_spool_age_seconds: 'How long the oldest reading has waited in the spool',
  m2mp_connections_paused: 'Connections that are not read for a bound of their own',
  m2mp_bus_dropped_messages: 'Messages without _to, _from or _call, dropped',
  m2mp_bus_lost_messages: 'Messages dropped at a bound of the bus',
  m2mp_bus_resent_messages: 'Messages sent again because a server did not confirm them',
} as const;

export type GaugeName = keyof typeof gauges;

/** Those of which a machine has the greatest of its parts; of the others it has the sum. */
const greatest: ReadonlySet<GaugeName> = new Set(['m2mp_ingest_full', 'm2mp_store_trouble', 'm2mp_spool_age_seconds']);

/** The counters by protocol that are plain numbers. */
const counters = {
  m2mp_connections_opened_total: ['opened', 'Connections opened'],
  m2mp_connections_refused_total: ['refused', 'Connections refused at a limit'],
  m2mp_identifications_total: ['identified', 'Identifications accepted'],
  m2mp_identifications_refused_total: ['identifyRefused', 'Identifications refused'],
  m2mp_readings_total: ['readings', 'Readings taken from devices'],
  m2mp_readings_future_total: ['futureReadings', 'Readings dated more than a minute in the future'],
  m2mp_barriers_total: ['barriers', 'Barriers answered'],
  m2mp_received_bytes_total: ['bytesIn', 'Bytes received from devices'],
} as const;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const byProtocol = new Map<string, ProtocolCounts>();
  for (const [name, [field, help]] of Object.entries(counters))
    new Counter({
      name,
      help,
      labelNames: ['protocol'],
      registers,
      collect() {
        this.reset();
        for (const [protocol, counts] of byProtocol) this.inc({ protocol }, counts[field]);
      },
    });
  new Gauge({
    name: 'm2mp_connections',
    help: 'Open connections',
    labelNames: ['protocol'],
    registers,
    collect() {
      for (const [protocol, counts] of byProtocol) this.set({ protocol }, counts.open);
    },
  });
  new Counter({
    name: 'm2mp_protocol_errors_total',
    help: 'Odd things devices sent, by kind',
    labelNames: ['protocol', 'kind'],
    registers,
    collect() {
      this.reset();
      for (const [protocol, counts] of byProtocol)
        for (const [kind, count] of Object.entries(counts.oddities)) this.inc({ protocol, kind }, count);
    },
  });
  const barriers = new Histogram({
    name: 'm2mp_barrier_seconds',
    help: 'Time from a barrier to its answer',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 60],
    registers,
  });
  const commits = new Histogram({
    name: 'm2mp_store_commit_seconds',
    help: 'Time a commit takes until it is durable',
    buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    registers,
  });
  const batches = new Histogram({
    name: 'm2mp_store_commit_writes',
    help: 'Writes in a commit',
    buckets: [1, 10, 100, 1_000, 5_000, 20_000],
    registers,
  });
  return {
    registry,
    counts(protocol) {
      let counts = byProtocol.get(protocol);
      if (!counts) {
        counts = newCounts();
        byProtocol.set(protocol, counts);
      }
      return counts;
    },
    barrierAnswered: (seconds) => barriers.observe(seconds),
    committed(writes, seconds) {
      commits.observe(seconds);
      batches.observe(writes);
    },
    gauge(name, read) {
      new Gauge({
        name,
        help: gauges[name],
        registers,
        aggregator: greatest.has(name) ? 'max' : 'sum',
        collect() {
          this.set(read());
        },
      });
    },
  };
}

/** Metrics of one thread or process, as they go to another. */
export type MetricsGiven = MetricObjectWithValues<MetricValue<string>>[];

/** Those of all parts together, as Prometheus reads them. */
export function metricsText(parts: MetricsGiven[]): Promise<string> {
  return AggregatorRegistry.aggregate(parts).metrics();
}

function newCounts(): ProtocolCounts {
  return {
    open: 0,
    opened: 0,
    refused: 0,
    identified: 0,
    identifyRefused: 0,
    readings: 0,
    futureReadings: 0,
    barriers: 0,
    bytesIn: 0,
    oddities: {
      protocol_error: 0,
      unknown_frame: 0,
      unidentified: 0,
      malformed: 0,
      invalid_location: 0,
      invalid_time: 0,
      unknown_command: 0,
      line_too_long: 0,
      bad_request: 0,
      week_rollover: 0,
    } satisfies Record<Oddity, number>,
  };
}
