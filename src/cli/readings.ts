import { type Command, Option } from 'commander';
import type { ReadingGiven, ReadingsPage } from '../api/readings.js';
import { limitOption } from './arguments.js';
import { addConnectionOptions, CliError, type Client, clientFor, part, query } from './client.js';
import { serverSentEvents } from './event-stream.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { entries, gathered } from './pages.js';
import { type Column, csvField, escaped, jsonLine, table } from './table.js';

interface Options {
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly format: 'table' | 'ndjson' | 'csv';
  readonly follow?: boolean;
}

/** Adds `m2mp readings DEVICE`: dated values of a device. */
export function addReadings(program: Command): void {
  addConnectionOptions(program.command('readings'))
    .description('readings of a device, the newest first')
    .argument('<device>', 'its ident or UUID')
    .option('--type <type>', 'only those of this type, such as sen:loc')
    .option('--from <date>', 'from this date on, ISO 8601')
    .option('--to <date>', 'up to this date; a day is all of that day')
    .addOption(new Option('--order <order>', 'asc: the oldest first').choices(['asc', 'desc']).default('desc'))
    .addOption(limitOption(100))
    .addOption(new Option('--format <format>', 'how they look').choices(['table', 'ndjson', 'csv']).default('table'))
    .option('--follow', 'the last ones, the oldest first, then those that come, until interrupted')
    .action(run);
}

async function run(device: string, options: Options, command: Command): Promise<void> {
  const client = clientFor(command);
  if (options.follow) return follow(client, device, options);
  const { type, from, to, order, limit, format } = options;
  const path = `/api/devices/${part(device)}/readings`;
  const found = entries(client, path, { type, from, to, order }, limit, (page: ReadingsPage) => page.readings);
  if (format === 'table') {
    const readings = await gathered(found);
    if (readings.length === 0) process.stderr.write('no readings\n');
    else print(table(columns, readings));
    return;
  }
  const line = writer(format);
  for await (const reading of found) line(reading);
}

const columns: readonly Column<ReadingGiven>[] = [
  ['TIME', (reading) => reading.time],
  ['TYPE', (reading) => reading.type],
  ['DATA', (reading) => jsonLine(reading.data)],
];

/** The stream is opened first, so that nothing is missed between the last readings and those that come. */
async function follow(client: Client, device: string, options: Options): Promise<void> {
  const { type, limit, format, from, to, order } = options;
  if (to !== undefined || order === 'asc')
    throw new CliError(
      '--follow goes with neither --to nor --order: it has no end, and the oldest come first',
      EXIT.usage,
    );
  const response = await client.raw('GET', `/api/events${query({ device, type })}`);
  const path = `/api/devices/${part(device)}/readings`;
  const last = await gathered(entries(client, path, { type, from }, limit, (page: ReadingsPage) => page.readings));
  const line = writer(format);
  for (const reading of last.reverse()) line(reading);
  const shown = new Set(last.map((reading) => `${reading.type} ${reading.id}`));
  for await (const { event, data } of serverSentEvents(response)) {
    if (event === 'end') throw new CliError(`the stream ended: ${escaped(data)}; start again to go on`);
    if (event !== 'reading') continue;
    // The API's own event, whose shape its description states.
    const reading = JSON.parse(data) as ReadingGiven;
    if (!shown.delete(`${reading.type} ${reading.id}`)) line(reading);
  }
  throw new CliError('the gateway closed the stream; start again to go on');
}

/** Writes readings one by one in a format; a CSV begins with its header. */
function writer(format: Options['format']): (reading: ReadingGiven) => void {
  let typeWidth = 0;
  if (format === 'csv') print('time,type,data,id\n');
  return ({ time, type, data, id }) => {
    if (format === 'ndjson') return print(`${jsonLine({ time, type, data, id })}\n`);
    if (format === 'csv') {
      const shownType = process.stdout.isTTY ? escaped(type) : type;
      return print(`${[time, shownType, jsonLine(data), id].map(csvField).join(',')}\n`);
    }
    typeWidth = Math.max(typeWidth, escaped(type).length);
    print(`${time}  ${escaped(type).padEnd(typeWidth)}  ${jsonLine(data)}\n`);
  };
}
