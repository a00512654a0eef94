import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import type { SensorNames, SensorReadings } from '../api/sensors.js';
import { jsonLine } from '../queries/json.js';
import { jsonOption, limitOption, refuseUnknownActions } from './arguments.js';
import { addConnectionOptions, CliError, type Client, clientFor, query } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import { addSensorImport } from './sensor-import.js';
import { sampleOf } from './sensor-sample.js';
import { type Column, escaped } from './table.js';

type SensorReading = SensorReadings['readings'][number];

const columns: readonly Column<SensorReading>[] = [
  ['TIME', (reading) => reading.time],
  ['SENSOR', (reading) => reading.sensor],
  ['READING', (reading) => jsonLine(reading.reading)],
];

interface Options {
  readonly limit: number;
  readonly json?: boolean;
  readonly domain?: string;
}

/** Adds `m2mp sensors`: readings of plain sensors, without a device. */
export function addSensors(program: Command, protocols: readonly Protocol[]): void {
  const verb = refuseUnknownActions(
    program.command('sensors').description('plain sensors: post readings, fetch them, import a table'),
  );

  addConnectionOptions(verb.command('post'))
    .description("store a reading dated now; without arguments a minute of sample data of the site FA-1's sensors")
    .argument('[sensor]', 'its name, such as FA-1:sensor-0')
    .argument('[value]', 'JSON, or else a text')
    .option('--domain <domain>', 'whose sensor it is, a UUID or name')
    .action(post);

  addConnectionOptions(verb.command('fetch'))
    .description('readings of a sensor, the newest first; without one the names of those of a site, or of all')
    .argument('[site]', 'such as FA-1')
    .argument('[sensor]', 'such as sensor-0')
    .argument('[days]', 'how many days back, by default 7')
    .option('--domain <domain>', 'whose sensors, a UUID or name')
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(fetchReadings);

  addSensorImport(verb, protocols);
}

async function post(
  sensor: string | undefined,
  value: string | undefined,
  { domain }: Options,
  command: Command,
): Promise<void> {
  if (sensor !== undefined && value === undefined)
    throw new CliError('it is "m2mp sensors post SENSOR VALUE", or without both', EXIT.usage);
  const body = sensor === undefined ? { readings: sampleOf(Date.now()) } : { sensor, reading: given(value ?? '') };
  const { stored } = await clientFor(command).json<{ stored: number }>(
    'POST',
    `/api/sensors${query({ domain })}`,
    body,
  );
  print(`${stored} stored\n`);
}

/** What is JSON is taken as such. */
function given(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function fetchReadings(
  site: string | undefined,
  sensor: string | undefined,
  days: string | undefined,
  { limit, json, domain }: Options,
  command: Command,
): Promise<void> {
  const client = clientFor(command);
  if (sensor === undefined) return printNames(client, site, { limit, domain });
  const named = `${site}:${sensor}`;
  const found = await gathered(
    entries(client, '/api/sensors', { sensor: named, days, domain }, limit, (page: SensorReadings) => page.readings),
  );
  printRows(found, columns, { json, none: 'no readings' });
}

async function printNames(
  client: Client,
  site: string | undefined,
  { limit, domain }: Pick<Options, 'limit'> & { domain?: string | undefined },
): Promise<void> {
  const all = entries(client, '/api/sensors', { domain }, Number.MAX_SAFE_INTEGER, (page: SensorNames) => page.sensors);
  let left = limit;
  for await (const name of all) {
    if (site !== undefined && !name.startsWith(`${site}:`)) continue;
    if (left-- === 0) break;
    print(`${escaped(name)}\n`);
  }
}
