import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { cassandraSession } from '../store-options.js';
import { addConnectionOptions, CliError, clientFor, query } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';
import { print } from './output.js';

/** Readings sent at once: what the API takes at the most. */
const AT_ONCE = 10_000;
/** Characters of one request's body, roughly: under what the API takes. */
const MOST_TEXT = 3 << 20;

/**
 * Adds `m2mp sensors import`: a table of another program to the gateway's sensors. What was imported already is the same
 * readings again, so that one that broke off is run anew.
 */
export function addSensorImport(verb: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => key.startsWith('cassandra-') && !/write|stale/.test(key));
  const command = addConnectionOptions(verb.command('import'))
    .description('send the table sensor_data (sensor_id, time, reading) of a Cassandra keyspace to the gateway')
    .option('--domain <domain>', 'whose sensors they become, a UUID or name');
  addConfigOptions(command, options);
  command.action(async ({ domain }: { domain?: string }) => {
    const client = clientFor(command);
    let total = 0;
    let batch: unknown[] = [];
    let text = 0;
    const send = async () => {
      if (batch.length === 0) return;
      await client.json('POST', `/api/sensors${query({ domain })}`, { readings: batch });
      total += batch.length;
      process.stderr.write(`${total} readings are stored\n`);
      [batch, text] = [[], 0];
    };
    try {
      const session = cassandraSession(loadConfig(protocols, configSources(command, options)));
      const { readSensorTable } = await import('../store/open.js');
      for await (const rows of readSensorTable(session)) {
        for (const row of rows) {
          batch.push(row);
          text += JSON.stringify(row).length + 1;
          if (batch.length === AT_ONCE || text > MOST_TEXT) await send();
        }
      }
      await send();
    } catch (error) {
      if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
      throw error;
    }
    print(`${total} readings are imported\n`);
  });
}
