import type { Command } from 'commander';
import type { Protocol } from '../../protocols/protocol.js';
import { ConfigError, loadConfig, printConfig, type Sources } from '../config/load.js';
import { optionsFor } from '../config/options.js';
import { createLog } from '../observe/log.js';
import type { Running } from '../serve.js';
import { addConfigOptions, configSources } from './configuration.js';
import { EXIT } from './exit-codes.js';

/** Adds `m2mp serve`: one flag an option, from the options' own table. */
export function addServe(program: Command, protocols: readonly Protocol[]): void {
  const command = program
    .command('serve')
    .description('run the gateway')
    .option('--print-config', 'print the configuration in force and stop');
  addConfigOptions(command, optionsFor(protocols));
  command.action(async () => {
    const sources = configSources(command, optionsFor(protocols));
    await run(protocols, sources, command.getOptionValue('printConfig') === true);
  });
}

async function run(protocols: readonly Protocol[], sources: Sources, printOnly: boolean): Promise<void> {
  try {
    const config = loadConfig(protocols, sources);
    if (printOnly) {
      process.stdout.write(printConfig(protocols, config));
      return;
    }
    const log = createLog({ level: config['log-level'], format: config['log-format'] });
    // Loaded where it is needed: the other verbs start sooner without it.
    const starting = import('../serve.js').then(({ serve }) =>
      serve(config, protocols, {
        log,
        onFailure: () => process.exit(EXIT.storeFailed),
        onQuit: () => process.kill(process.pid, 'SIGTERM'),
        partProgram: new URL('../machine/part.js', import.meta.url),
      }),
    );
    stopOnSignals(starting);
    const running = await starting;
    log.info(summary(running, config.data), 'm2mp-gateway is ready');
    if (process.stdout.isTTY) process.stdout.write(welcome(running, config.data));
    else for (const line of welcome(running, config.data).trimEnd().split('\n')) if (line) log.info(line);
  } catch (error) {
    process.stderr.write(`m2mp serve: ${error instanceof Error ? error.message : error}\n`);
    process.exit(error instanceof ConfigError ? EXIT.usage : EXIT.failed);
  }
}

/** From before anything is said to listen, so that whoever reads that may end it in order. */
function stopOnSignals(starting: Promise<Running>): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(EXIT.failed);
    stopping = true;
    starting
      .then((running) => running.stop())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`m2mp serve: ${error instanceof Error ? error.message : error}\n`);
          process.exit(EXIT.failed);
        },
      );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function summary(running: Running, data: string): Record<string, unknown> {
  return {
    ...Object.fromEntries(running.devices.map(({ protocol, host, port }) => [protocol, `${host}:${port}`])),
    http: running.http ? `http://${running.http.host}:${running.http.port}` : 'off',
    data,
    ...(running.http && { tokenFile: running.http.tokenFile }),
  };
}

function welcome(running: Running, data: string): string {
  const first = running.devices[0];
  const lines = [
    ...running.devices.map(({ protocol, host, port }) => `${protocol.toUpperCase().padEnd(6)} ${host}:${port}`),
    `HTTP   ${running.http ? `http://${running.http.host}:${running.http.port}/api/openapi.json` : 'off'}`,
    `data   ${data}`,
    running.http ? `token  ${running.http.tokenFile}` : '',
    first ? `try    npx m2mp simulate --protocol ${first.protocol} --to 127.0.0.1:${first.port}` : '',
  ];
  return `\n${lines.filter((line) => line !== '').join('\n')}\n\n`;
}
