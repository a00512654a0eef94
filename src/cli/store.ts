import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { cassandraSession } from '../store-options.js';
import { CliError } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';
import { addStoreCopy } from './store-copy.js';

/** Adds `m2mp store`: the keyspace in Cassandra, made and compared with what is expected; and copies of a store. */
export function addStore(program: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => key.startsWith('cassandra-'));
  const verb = program
    .command('store')
    .description('the keyspace in Cassandra: init, check; a copy of a store in another: copy');

  const sessionOf = (command: Command) => {
    try {
      return cassandraSession(loadConfig(protocols, configSources(command, options)));
    } catch (error) {
      if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
      throw error;
    }
  };

  const init = verb
    .command('init')
    .description('make the keyspace and its tables, where they are missing')
    .addOption(
      new Option('--replication <copies>', 'copies of each row by data centre, such as dc1=3 or dc1=3,dc2=3')
        .argParser(replication)
        .makeOptionMandatory(),
    )
    .action(async ({ replication }: { replication: ReadonlyMap<string, number> }, command: Command) => {
      const session = sessionOf(command);
      const { initCassandra } = await import('../store/open.js');
      const done = await initCassandra(session, replication);
      for (const one of done) print(`${one}\n`);
      if (done.length === 0) print(`${session.keyspace} is complete: nothing to do\n`);
    });
  addConfigOptions(init, options);

  const check = verb
    .command('check')
    .description('compare the keyspace with what is expected; exit code 1 where the gateway cannot work with it')
    .action(async (_, command: Command) => {
      const session = sessionOf(command);
      const { checkCassandra } = await import('../store/open.js');
      const differences = await checkCassandra(session);
      for (const { grave, what } of differences) print(`${grave.padEnd(7)} ${what}\n`);
      if (differences.length === 0) print(`${session.keyspace} is as expected\n`);
      if (differences.some(({ grave }) => grave === 'error'))
        throw new CliError(`the gateway cannot work with the keyspace ${session.keyspace}`);
    });
  addConfigOptions(check, options);

  addStoreCopy(verb, protocols);
}

/** `dc1=3,dc2=3`: names of data centres are taken without what would end a text in CQL. */
function replication(text: string): ReadonlyMap<string, number> {
  const copies = new Map<string, number>();
  for (const entry of text.split(',')) {
    const [, datacenter, count] = /^([A-Za-z0-9._-]{1,100})=([1-9]\d?)$/.exec(entry) ?? [];
    if (datacenter === undefined || copies.has(datacenter))
      throw new InvalidArgumentError('It takes data centres with their copies, such as dc1=3 or dc1=3,dc2=3.');
    copies.set(datacenter, Number(count));
  }
  return copies;
}
