import type { Command } from 'commander';
import type { DomainGiven, DomainsPage } from '../api/domains.js';
import { addApiVerb, limitOption } from './arguments.js';
import { clientFor, part } from './client.js';
import { print, printRows } from './output.js';
import { entries, gathered } from './pages.js';
import { type Column, escaped } from './table.js';

const columns: readonly Column<DomainGiven>[] = [
  ['NAME', (domain) => domain.name],
  ['ID', (domain) => domain.id],
];

const pathOf = (domain: string) => `/api/domains/${part(domain)}`;

/** Adds `m2mp domains`: whom devices and users belong to. */
export function addDomains(program: Command): void {
  const verb = addApiVerb(program, 'domains', 'whom devices and users belong to');

  verb
    .command('list', { isDefault: true })
    .description('list them in the order of their names')
    .option('--deleted', 'those marked as deleted instead')
    .addOption(limitOption(1_000))
    .action(async (_, command: Command) => {
      const { deleted, limit, json } = command.optsWithGlobals<{ deleted?: boolean; limit: number; json?: boolean }>();
      const pages = entries(
        clientFor(command),
        '/api/domains',
        { deleted },
        limit,
        (page: DomainsPage) => page.domains,
      );
      printRows(await gathered(pages), columns, { json, none: 'no domains' });
    });

  verb
    .command('add <name>')
    .description('make one')
    .action(async (name: string, _, command: Command) => {
      const { id } = await clientFor(command).json<DomainGiven>('POST', '/api/domains', { name });
      print(`${escaped(name)} is made as ${id}\n`);
    });

  verb
    .command('rename <domain> <name>')
    .description('give it another name')
    .action(async (domain: string, name: string, _, command: Command) => {
      await clientFor(command).json<DomainGiven>('PATCH', pathOf(domain), { name });
      print(`${escaped(domain)} is ${escaped(name)} now\n`);
    });

  verb
    .command('delete <domain>')
    .description('mark it as deleted, if it has neither devices nor users')
    .action(async (domain: string, _, command: Command) => {
      const { id, name } = await clientFor(command).json<DomainGiven>('DELETE', pathOf(domain));
      print(`${escaped(name)} is deleted; "m2mp domains restore ${id}" takes it back\n`);
    });

  verb
    .command('restore <id>')
    .description('take back that it was deleted')
    .action(async (id: string, _, command: Command) => {
      const { name } = await clientFor(command).json<DomainGiven>('POST', `${pathOf(id)}/restore`);
      print(`${escaped(name)} is restored\n`);
    });
}
