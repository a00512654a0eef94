import type { Command } from 'commander';
import type { TrackGiven } from '../api/track.js';
import { jsonLine } from '../queries/json.js';
import { jsonOption, wholeNumber } from './arguments.js';
import { addConnectionOptions, clientFor, part, query } from './client.js';
import { print } from './output.js';
import { type Column, table } from './table.js';

interface Options {
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly points?: number;
  readonly stopRadius?: number;
  readonly stopTime?: number;
  readonly json?: boolean;
}

/** Adds `m2mp track DEVICE`: the way of a device. */
export function addTrack(program: Command): void {
  addConnectionOptions(program.command('track'))
    .description('how far a device went, how long it moved, and where it stopped')
    .argument('<device>', 'its ident or UUID')
    .option('--from <date>', 'from this date on, ISO 8601')
    .option('--to <date>', 'up to this date; a day is all of that day')
    .option('--type <type>', 'the type of its places (default: sen:loc)')
    .option('--points <n>', 'points of the way at the most, with --json', wholeNumber)
    .option('--stop-radius <metres>', 'that a device which stands may seem to move', wholeNumber)
    .option('--stop-time <seconds>', 'that a stop takes at the least', wholeNumber)
    .addOption(jsonOption())
    .action(run);
}

async function run(device: string, options: Options, command: Command): Promise<void> {
  const { type, from, to, points, stopRadius, stopTime, json } = options;
  const path = `/api/devices/${part(device)}/track${query({ type, from, to, points, stopRadius, stopTime })}`;
  const track = await clientFor(command).json<TrackGiven>('GET', path);
  if (json) return print(`${jsonLine(track)}\n`);
  if (track.places === 0) return void process.stderr.write('no places\n');
  print(`${track.from} to ${track.to}: ${track.places} places\n`);
  print(`${(track.distance / 1_000).toFixed(3)} km, ${time(track.moving)} in motion, ${track.stopCount} stops\n`);
  if (track.stops.length > 0) print(table(columns, track.stops));
}

const columns: readonly Column<TrackGiven['stops'][number]>[] = [
  ['STOPPED', (stop) => stop.from],
  ['FOR', (stop) => time(stop.seconds)],
  ['LAT', (stop) => stop.lat],
  ['LON', (stop) => stop.lon],
];

/** Seconds as `3:05:09`. */
function time(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  return `${Math.floor(seconds / 3_600)}:${two((seconds % 3_600) / 60)}:${two(seconds % 60)}`;
}
