#!/usr/bin/env node
/** The `m2mp` program: one file a verb. */
import { Command, CommanderError } from 'commander';
import { protocols } from '../../protocols/list.js';
import { version } from '../version.js';
import { addAudit } from './audit.js';
import { addBus } from './bus.js';
import { addCapture } from './capture.js';
import { CliError } from './client.js';
import { addCommands } from './commands.js';
import { addConnections } from './connections.js';
import { addDecode } from './decode.js';
import { addDevices } from './devices.js';
import { addDomains } from './domains.js';
import { EXIT } from './exit-codes.js';
import { addFirmware } from './firmware.js';
import { addHealth } from './health.js';
import { addReadings } from './readings.js';
import { addRegistry } from './registry.js';
import { addReplay } from './replay.js';
import { addSensors } from './sensors.js';
import { addServe } from './serve.js';
import { addSettings } from './settings.js';
import { addSimulate } from './simulate.js';
import { addSpool } from './spool.js';
import { addStorage } from './storage.js';
import { addStore } from './store.js';
import { addSync } from './sync.js';
import { addTokens } from './tokens.js';
import { addTrack } from './track.js';
import { addUsers } from './users.js';
import { addWaiting } from './waiting.js';

const program = new Command('m2mp')
  .description('The server that GPS trackers and other machines connect to, and what asks it')
  .version(version)
  .exitOverride();

addServe(program, protocols);
addDevices(program);
addSettings(program);
addCommands(program);
addReadings(program);
addTrack(program);
addSensors(program, protocols);
addWaiting(program);
addDomains(program);
addUsers(program);
addTokens(program);
addAudit(program);
addConnections(program);
addFirmware(program);
addRegistry(program);
addStore(program, protocols);
addStorage(program, protocols);
addSpool(program, protocols);
addBus(program, protocols);
addSync(program);
addHealth(program);
addSimulate(program, protocols);
addReplay(program, protocols);
addCapture(program, protocols);
addDecode(program, protocols);

// Whoever reads our output may have enough of it, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) =>
  process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed),
);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  else {
    process.stderr.write(`m2mp: ${error instanceof Error ? error.message : error}\n`);
    process.exitCode = error instanceof CliError ? error.exitCode : EXIT.failed;
  }
}
