/** What a device's places come to while they pass by: how far it went, how long it moved, and where it stopped. */
import { distance } from '@turf/distance';
import { type Place, shortWay } from './places.js';

/** Stops that are told of one track at the most; later ones are counted only. */
export const MAX_STOPS = 1_000;

export interface TrackPoint extends Place {
  /** UNIX ms. */
  readonly time: number;
}

export interface StopRule {
  /** Metres that a device which stands may seem to move: what positions are off by. */
  readonly radius: number;
  /** Milliseconds that a stop takes at the least. */
  readonly least: number;
}

/** Positions of a device that stands are rarely off by more; who waits at a light for less than that has not stopped. */
export const STOP_RULE: StopRule = { radius: 50, least: 180_000 };

export interface Stop extends Place {
  /** UNIX ms, of the first and the last place in it. */
  readonly from: number;
  readonly to: number;
}

export interface TrackSummary {
  /** Places that were looked at. */
  readonly places: number;
  /** UNIX ms; null: there is no place. */
  readonly from: number | null;
  readonly to: number | null;
  /** Metres over ground from place to place, but for those within a stop. */
  readonly distance: number;
  /** Milliseconds from the first place to the last that it did not stand still. */
  readonly moving: number;
  /** The mean of the places in it, in order of time, at most `MAX_STOPS`. */
  readonly stops: readonly Stop[];
  /** How many there were. */
  readonly stopCount: number;
}

export interface Track {
  /** Takes the next place, in order of time. */
  add(point: TrackPoint): void;
  summary(): TrackSummary;
}

/**
 * A stop is a run of places that all lie within the radius of its first one, from the first to the last at least as long
 * as the rule says. What a device says nothing about counts as if it had moved evenly: a gap within the radius is a
 * stop, another one is a move.
 */
export function createTrack({ radius, least }: StopRule = STOP_RULE): Track {
  let places = 0;
  let from: number | null = null;
  let travelled = 0;
  let stopped = 0;
  let stopCount = 0;
  const stops: Stop[] = [];
  let run: Run | null = null;

  /** What a run of places near each other adds. */
  function close(ended: Run): void {
    const { first, last, lat, lon, count, inside } = ended;
    if (last.time - first.time < least) {
      travelled += inside;
      return;
    }
    stopped += last.time - first.time;
    stopCount++;
    if (stops.length === MAX_STOPS) return;
    stops.push({
      from: first.time,
      to: last.time,
      lat: first.lat + lat / count,
      lon: shortWay(first.lon + lon / count),
    });
  }

  return {
    add(point) {
      places++;
      from ??= point.time;
      if (run && metres(run.first, point) <= radius) {
        run.inside += metres(run.last, point);
        run.last = point;
        run.count++;
        run.lat += point.lat - run.first.lat;
        run.lon += shortWay(point.lon - run.first.lon);
        return;
      }
      if (run) {
        travelled += metres(run.last, point);
        close(run);
      }
      run = { first: point, last: point, lat: 0, lon: 0, count: 1, inside: 0 };
    },
    summary() {
      const before = { travelled, stopped, stopCount, stops: stops.length };
      if (run) close(run);
      const to = run?.last.time ?? null;
      const whole = from === null || to === null ? 0 : to - from;
      const summary = {
        ...{ places, from, to, stopCount },
        distance: travelled,
        moving: whole - stopped,
        stops: [...stops],
      };
      // The run may go on.
      ({ travelled, stopped, stopCount } = before);
      stops.length = before.stops;
      return summary;
    },
  };
}

interface Run {
  readonly first: TrackPoint;
  last: TrackPoint;
  count: number;
  /** Sums of the differences to the first place, in degrees. */
  lat: number;
  lon: number;
  /** Metres from place to place in it. */
  inside: number;
}

/** Great-circle distance. */
export function metres(a: Place, b: Place): number {
  return distance([a.lon, a.lat], [b.lon, b.lat], { units: 'meters' });
}
