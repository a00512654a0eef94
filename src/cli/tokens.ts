import { type Command, Option } from 'commander';
import { ROLES } from '../accounts/account.js';
import type { TokenGiven, TokenMade, TokensPage } from '../api/tokens.js';
import { jsonLine } from '../queries/json.js';
import { addApiVerb, dateFromNow, limitOption } from './arguments.js';
import { clientFor, part } from './client.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<TokenGiven>[] = [
  ['NAME', (token) => token.name],
  ['ROLE', (token) => token.role],
  ['DOMAIN', (token) => token.domain ?? 'all'],
  ['READ ONLY', (token) => (token.readOnly ? 'yes' : 'no')],
  ['EXPIRES', (token) => token.expires],
  ['USED', (token) => token.used],
  ['ID', (token) => token.id],
];

interface Options {
  readonly role?: string;
  readonly domain?: string;
  readonly readOnly?: boolean;
  readonly expires?: string;
}

/** Adds `m2mp tokens`: what programs show in place of a password. */
export function addTokens(program: Command): void {
  const verb = addApiVerb(program, 'tokens', 'what programs show in place of a password');

  verb
    .command('list', { isDefault: true })
    .description('list those that were not revoked')
    .addOption(limitOption(1_000))
    .action(async (_, command: Command) => {
      const { limit, json } = command.optsWithGlobals<{ limit: number; json?: boolean }>();
      const pages = entries(clientFor(command), '/api/tokens', {}, limit, (page: TokensPage) => page.tokens);
      printRows(await gathered(pages), columns, { json, none: 'no tokens' });
    });

  verb
    .command('create <name>')
    .description('make one, named for what it is for; it is printed now and never again')
    .addOption(new Option('--role <role>', 'what it may do, at the most what you may').choices(ROLES))
    .option('--domain <domain>', 'limit it to the devices of a domain')
    .option('--read-only', 'it may change nothing')
    .addOption(
      new Option('--expires <when>', 'when it ends: 1h, 90d from now, or a date').argParser((text) =>
        dateFromNow(text, Date.now()),
      ),
    )
    .action(async (name: string, { role, domain, readOnly, expires }: Options, command: Command) => {
      const body = { name, role, domain, readOnly, expires };
      const made = await clientFor(command).json<TokenMade>('POST', '/api/tokens', body);
      if (command.optsWithGlobals<{ json?: boolean }>().json) print(`${jsonLine(made)}\n`);
      else {
        print(`${made.token}\n`);
        process.stderr.write(`it is shown this once; "m2mp tokens revoke ${made.id}" ends it\n`);
      }
    });

  verb
    .command('revoke <id>')
    .description('end it, for good')
    .action(async (id: string, _, command: Command) => {
      const { name } = await clientFor(command).json<TokenGiven>('DELETE', `/api/tokens/${part(id)}`);
      print(`${escaped(name)} is revoked\n`);
    });
}
