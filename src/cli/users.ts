import { type Command, Option } from 'commander';
import { ROLES } from '../accounts/account.js';
import type { UserGiven, UsersPage } from '../api/users.js';
import { addApiVerb, limitOption } from './arguments.js';
import { CliError, clientFor, part } from './client.js';
import { EXIT } from './exit-codes.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import { readPassword } from './password.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<UserGiven>[] = [
  ['NAME', (user) => user.name],
  ['ROLE', (user) => user.role],
  ['DOMAIN', (user) => user.domain ?? 'all'],
  ['PASSWORD', (user) => (user.hasPassword ? 'yes' : 'no')],
  ['ID', (user) => user.id],
];

const pathOf = (user: string) => `/api/users/${part(user)}`;
const roleOption = () => new Option('--role <role>', 'what he may do').choices(ROLES);
const domainOption = () => new Option('--domain <domain>', 'whose devices he sees; all: those of all domains');
const passwordOption = () =>
  new Option('--password', 'ask for a password; where there is no terminal, it is a line of standard input');

interface Options {
  readonly role?: string;
  readonly domain?: string;
  readonly name?: string;
  readonly password?: boolean;
}

/** Adds `m2mp users`: the people who use the gateway. */
export function addUsers(program: Command): void {
  const verb = addApiVerb(program, 'users', 'people who use the gateway');

  verb
    .command('list', { isDefault: true })
    .description('list them in the order of their names')
    .option('--deleted', 'those marked as deleted instead')
    .addOption(limitOption(1_000))
    .action(async (_, command: Command) => {
      const { deleted, limit, json } = command.optsWithGlobals<{ deleted?: boolean; limit: number; json?: boolean }>();
      const pages = entries(clientFor(command), '/api/users', { deleted }, limit, (page: UsersPage) => page.users);
      printRows(await gathered(pages), columns, { json, none: 'no users' });
    });

  verb
    .command('add <name>')
    .description('make one, who sees the domain of who makes him unless told otherwise')
    .addOption(roleOption().makeOptionMandatory())
    .addOption(domainOption())
    .addOption(passwordOption())
    .action(async (name: string, options: Options, command: Command) => {
      const { id } = await clientFor(command).json<UserGiven>('POST', '/api/users', {
        name,
        ...(await given(options)),
      });
      print(`${escaped(name)} is made as ${id}\n`);
    });

  verb
    .command('change <user>')
    .description('change his name, role, domain or password; a new password ends his sessions')
    .option('--name <name>', 'another name')
    .addOption(roleOption())
    .addOption(domainOption())
    .addOption(passwordOption())
    .action(async (user: string, options: Options, command: Command) => {
      const body = { ...(options.name !== undefined && { name: options.name }), ...(await given(options)) };
      if (Object.keys(body).length === 0)
        throw new CliError('it takes --name, --role, --domain or --password', EXIT.usage);
      const { name } = await clientFor(command).json<UserGiven>('PATCH', pathOf(user), body);
      print(`${escaped(name)} is changed\n`);
    });

  verb
    .command('delete <user>')
    .description('mark him as deleted: his sessions end, his tokens hold no longer')
    .action(async (user: string, _, command: Command) => {
      const { id, name } = await clientFor(command).json<UserGiven>('DELETE', pathOf(user));
      print(`${escaped(name)} is deleted; "m2mp users restore ${id}" takes it back\n`);
    });

  verb
    .command('restore <id>')
    .description('take back that he was deleted')
    .action(async (id: string, _, command: Command) => {
      const { name } = await clientFor(command).json<UserGiven>('POST', `${pathOf(id)}/restore`);
      print(`${escaped(name)} is restored\n`);
    });
}

/** What the options come to in a body. */
async function given({ role, domain, password }: Options) {
  return {
    ...(role !== undefined && { role }),
    ...(domain !== undefined && { domain: domain === 'all' ? null : domain }),
    ...(password && { password: await readPassword() }),
  };
}
