import type { Command } from 'commander';
import type { NodeGiven } from '../api/registry.js';
import { jsonLine } from '../queries/json.js';
import { jsonOption } from './arguments.js';
import { addConnectionOptions, CliError, type Client, clientFor, query } from './client.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { escaped } from './table.js';

/** Entries asked for at once. */
const AT_ONCE = 1_000;
const URL_PATH = '/api/registry';

/**
 * Adds `m2mp registry`: the tree as if it were files. A node is a folder, and its path ends with a slash; a value is a
 * file in it: `/device/by-ident/imei:1/id`.
 */
export function addRegistry(program: Command): void {
  const verb = addConnectionOptions(
    program.command('registry').description('the tree that all but the readings is kept in, as folders and files'),
  ).addOption(jsonOption());

  verb
    .command('ls', { isDefault: true })
    .argument('[path]', 'a node', '/')
    .description('list the nodes (with a slash behind them) and values of a node')
    .action(async (path: string, _, command: Command) => {
      const client = clientFor(command);
      let cursor: string | null | undefined;
      while (cursor !== null) {
        const node: NodeGiven = await nodeAt(client, folder(path), cursor);
        const names = node.children.map((name) => `${name}/`);
        if (cursor === undefined) names.push(...Object.keys(node.values));
        for (const name of names) print(`${isJson(command) ? jsonLine(name) : escaped(name)}\n`);
        cursor = node.next;
      }
    });

  verb
    .command('cat <path>')
    .description('show a value, or with a slash at the end all values of a node')
    .action(async (path: string, _, command: Command) => {
      const { node, name } = parsed(path);
      const { values } = await nodeAt(clientFor(command), node, undefined);
      const shown = name === null ? values : namedValue(values, name, node);
      if (isJson(command)) print(`${jsonLine(shown)}\n`);
      else if (typeof shown === 'string') print(`${process.stdout.isTTY ? escaped(shown) : shown}\n`);
      else for (const [key, value] of Object.entries(shown)) print(`${escaped(key)}: ${escaped(value)}\n`);
    });

  verb
    .command('set <path> <value>')
    .description('set a value; the nodes above it are made where they are missing')
    .action(async (path: string, value: string, _, command: Command) => {
      const { node, name } = parsed(path);
      if (name === null) throw new CliError(`${path}: is a node; name the value behind the last slash`, EXIT.usage);
      await clientFor(command).json('PUT', URL_PATH, { path: node, values: { [name]: value } });
    });

  verb
    .command('rm <path>')
    .description('remove a value, or with a slash at the end mark a node and all below it as deleted')
    .option('--for-real', 'remove the node for good')
    .action(async (path: string, { forReal }: { forReal?: boolean }, command: Command) => {
      const client = clientFor(command);
      const { node, name } = parsed(path);
      if (name === null) await client.json('DELETE', URL_PATH + query({ path: node, forReal }));
      else {
        namedValue((await nodeAt(client, node, undefined)).values, name, node);
        await client.json('PUT', URL_PATH, { path: node, values: { [name]: null } });
      }
    });
}

function nodeAt(client: Client, path: string, cursor: string | undefined): Promise<NodeGiven> {
  return client.json<NodeGiven>('GET', URL_PATH + query({ path, limit: AT_ONCE, cursor }));
}

function namedValue(values: Readonly<Record<string, string>>, name: string, node: string): string {
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined)
    throw new CliError(`${escaped(node)} has no value ${escaped(name)}; "m2mp registry ls" lists them`);
  return value;
}

function folder(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function parsed(path: string): { node: string; name: string | null } {
  if (!path.startsWith('/'))
    throw new CliError(`${path}: is not a path, it takes such as /device/by-ident/`, EXIT.usage);
  const slash = path.lastIndexOf('/') + 1;
  return { node: path.slice(0, slash), name: path.slice(slash) || null };
}

function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json === true;
}
