import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { createLog } from '../observe/log.js';
import { CliError } from './client.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';

/** Options of `serve` that say nothing to a worker. */
const SERVES =
  /^(roles|workers|host|http-.*|.*-port|provision.*|waiting-limit|debug|bus|durable|spool-bytes|max-connections.*|.*-timeout|un.*-bytes)$/;

/** Adds `m2mp storage`: stores what is asked for on the bus. */
export function addStorage(program: Command, protocols: readonly Protocol[]): void {
  const options = optionsFor(protocols).filter(({ key }) => !SERVES.test(key) && key !== 'ask-alive-after');
  const command = program
    .command('storage')
    .description('store the readings that others publish on the topic storage; any number may run');
  addConfigOptions(command, options);
  command.action(async () => {
    try {
      const ended = endAsked();
      const config = loadConfig(protocols, configSources(command, options));
      const log = createLog({ level: config['log-level'], format: config['log-format'] });
      const { serveStorage } = await import('../serve-storage.js');
      const running = await serveStorage(config, {
        log,
        onFailure: () => process.exit(EXIT.storeFailed),
      });
      log.info({ nsqd: config.nsqd, store: config.store }, 'm2mp storage is ready');
      await ended;
      await running.stop();
      log.info(running.counts, 'm2mp storage ended');
    } catch (error) {
      if (error instanceof ConfigError) throw new CliError(error.message, EXIT.usage);
      throw error;
    }
    process.exit(EXIT.ok);
  });
}

function endAsked(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
}
