import type { Command } from 'commander';
import type { ActGiven, AuditPage } from '../api/audit.js';
import { jsonOption, limitOption } from './arguments.js';
import { addConnectionOptions, clientFor } from './client.js';
import { printRows } from './output.js';
import { entries, gathered } from './pages.js';
import type { Column } from './table.js';

const columns: readonly Column<ActGiven>[] = [
  ['TIME', (act) => act.time],
  ['BY', (act) => act.by],
  ['FROM', (act) => act.address],
  ['WHAT', (act) => `${act.action.split(' ')[0]} ${act.path}${act.failed ? ' (failed)' : ''}`],
  ['GIVEN', (act) => (Object.keys(act.given).length === 0 ? null : JSON.stringify(act.given))],
];

/** Adds `m2mp audit [ACCOUNT]`: who changed what, and when. */
export function addAudit(program: Command): void {
  addConnectionOptions(program.command('audit'))
    .description('what you changed, or another account, the newest first')
    .argument('[account]', 'name or UUID of a user, or UUID of a token that is of no user')
    .option('--from <date>', 'from this date on')
    .option('--to <date>', 'up to this date')
    .addOption(limitOption(100))
    .addOption(jsonOption())
    .action(
      async (
        account: string | undefined,
        { from, to, limit, json }: { from?: string; to?: string; limit: number; json?: boolean },
        command: Command,
      ) => {
        const query = { account, from, to };
        const pages = entries(clientFor(command), '/api/audit', query, limit, (page: AuditPage) => page.acts);
        printRows(await gathered(pages), columns, { json, none: 'nothing was changed' });
      },
    );
}
