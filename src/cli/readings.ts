import { type Command, Option } from 'commander';
import type { DeviceEntryGiven, EntryGiven, ReadingsPage } from '../api/reading-given.js';
import { FORMATS, type Format } from '../exports/format.js';
import { AGGREGATES } from '../queries/downsample.js';
import { jsonLine } from '../queries/json.js';
import { limitOption } from './arguments.js';
import { addConnectionOptions, CliError, type Client, clientFor, part, query } from './client.js';
import { serverSentEvents } from './event-stream.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { entries, gathered } from './pages.js';
import { type Column, escaped, escapedLines, table } from './table.js';

interface Options {
  readonly type?: readonly string[];
  readonly from?: string;
  readonly to?: string;
  readonly fields?: string;
  readonly bbox?: string;
  readonly every?: string;
  readonly aggregate?: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly format: 'table' | keyof typeof FORMATS;
  readonly follow?: boolean;
}

const formats = ['table', ...Object.keys(FORMATS)];

/** Adds `m2mp readings DEVICE…`: dated values of devices. */
export function addReadings(program: Command): void {
  addConnectionOptions(program.command('readings'))
    .description('readings of devices, the newest first; with a format all of them, the oldest first')
    .argument('<device...>', 'their idents or UUIDs')
    .option('--type <type>', 'only those of this type, such as sen:loc; once for each of several', collected)
    .option('--from <date>', 'from this date on, ISO 8601')
    .option('--to <date>', 'up to this date; a day is all of that day')
    .option('--fields <names>', 'only these members of data, such as lat,lon')
    .option('--bbox <west,south,east,north>', 'only those with a place in this area, in degrees')
    .option('--every <period>', 'what each period such as 5m or 1h had, with --aggregate')
    .addOption(new Option('--aggregate <how>', 'of each period').choices(AGGREGATES))
    .addOption(new Option('--order <order>', 'asc: the oldest first').choices(['asc', 'desc']).default('desc'))
    .addOption(limitOption(100))
    .addOption(new Option('--format <format>', 'how they look').choices(formats).default('table'))
    .option('--follow', 'the last ones, the oldest first, then those that come, until interrupted')
    .action(run);
}

/** The values of an option that can be given more than once. */
function collected(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

async function run(devices: readonly string[], options: Options, command: Command): Promise<void> {
  const client = clientFor(command);
  const [device = '', ...others] = devices;
  if (options.follow && others.length > 0) throw new CliError('--follow goes with one device', EXIT.usage);
  if (options.follow) return follow(client, device, options);
  const { type, from, to, fields, bbox, every, aggregate, order, limit, format } = options;
  const many = others.length > 0;
  const path = many ? '/api/readings' : `/api/devices/${part(device)}/readings`;
  const wanted = { ...(many && { device: devices }), type, from, to, fields, bbox, every, aggregate };
  if (format !== 'table') {
    // Only what was said: an export has defaults of its own.
    const said = (name: string) => command.getOptionValueSource(name) === 'cli';
    const limits = { ...(said('order') && { order }), ...(said('limit') && { limit }) };
    return pass(await client.raw('GET', path + query({ ...wanted, ...limits, format })));
  }
  const readings = await gathered(
    entries(client, path, { ...wanted, order }, limit, (page: ReadingsPage) => page.readings),
  );
  if (readings.length === 0) process.stderr.write('no readings\n');
  else print(table(many ? [...identColumn, ...columns] : columns, readings));
}

const identColumn: readonly Column<EntryGiven | DeviceEntryGiven>[] = [
  ['IDENT', (reading) => ('ident' in reading ? reading.ident : null)],
];

const columns: readonly Column<EntryGiven>[] = [
  ['TIME', (reading) => reading.time],
  ['TYPE', (reading) => reading.type],
  ['DATA', (reading) => jsonLine(reading.data)],
];

/** Writes an answer as it comes, as fast as it is read; on a terminal nothing of it steers that. */
async function pass(response: Response): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of response.body ?? []) {
    const text = decoder.decode(bytes, { stream: true });
    const written = process.stdout.write(process.stdout.isTTY ? escapedLines(text) : text);
    if (!written) await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
}

/** The stream is opened first, so that nothing is missed between the last readings and those that come. */
async function follow(client: Client, device: string, options: Options): Promise<void> {
  const { type, limit, format, from } = options;
  const line = writer(format);
  checkFollow(options);
  const response = await client.raw('GET', `/api/events${query({ device, type })}`);
  const path = `/api/devices/${part(device)}/readings`;
  const last = await gathered(entries(client, path, { type, from }, limit, (page: ReadingsPage) => page.readings));
  for (const reading of last.reverse()) line(reading);
  const shown = new Set(last.map((reading) => `${reading.type} ${reading.id}`));
  for await (const { event, data } of serverSentEvents(response)) {
    if (event === 'end') throw new CliError(`the stream ended: ${escaped(data)}; start again to go on`);
    if (event === 'missed') process.stderr.write(`missed: ${escaped(data)}\n`);
    if (event !== 'reading') continue;
    // The API's own event, whose shape its description states.
    const reading = JSON.parse(data) as EntryGiven;
    if (!shown.delete(`${reading.type} ${reading.id}`)) line(reading);
  }
  throw new CliError('the gateway closed the stream; start again to go on');
}

function checkFollow({ to, order, fields, bbox, every, aggregate }: Options): void {
  if (to !== undefined || order === 'asc')
    throw new CliError(
      '--follow goes with neither --to nor --order: it has no end, and the oldest come first',
      EXIT.usage,
    );
  if ((fields ?? bbox ?? every ?? aggregate) !== undefined)
    throw new CliError('--follow goes with none of --fields, --bbox, --every and --aggregate', EXIT.usage);
}

/** Writes readings one by one, as they come. */
function writer(format: Options['format']): (reading: EntryGiven) => void {
  if (format === 'csv' || format === 'ndjson') return streamed(FORMATS[format]);
  if (format !== 'table')
    throw new CliError(`--follow goes with the formats table, ndjson and csv, not with ${format}`, EXIT.usage);
  let typeWidth = 0;
  return ({ time, type, data }) => {
    typeWidth = Math.max(typeWidth, escaped(type).length);
    print(`${time}  ${escaped(type).padEnd(typeWidth)}  ${jsonLine(data)}\n`);
  };
}

function streamed({ open }: Format): (reading: EntryGiven) => void {
  const { head, entry } = open({ devices: false, fields: undefined, periods: false });
  const device = { id: '', ident: '', name: null };
  print(head());
  return ({ time, type, data, id = null, count = null }) => {
    const read = { device: '', type, time: Date.parse(time), data: JSON.stringify(data), uuid: id, count };
    const line = entry(read, device);
    print(process.stdout.isTTY ? escapedLines(line) : line);
  };
}
