/** Flags of the verbs that read the configuration themselves rather than ask a gateway. */
import { type Command, Option as Flag } from 'commander';
import { type Sources, variableOf } from '../config/load.js';
import type { Option } from '../config/options.js';

/** Adds `--config` and one flag an option, from the options' own table. */
export function addConfigOptions(command: Command, options: readonly Option[]): void {
  const file = process.env['M2MP_CONFIG'] ?? 'm2mp.yaml';
  command.option('--config <file>', 'configuration file (also M2MP_CONFIG)', file);
  for (const { key, doc, fallback } of options) {
    const isBoolean = typeof fallback === 'boolean';
    const flag = new Flag(
      isBoolean ? `--${key} [boolean]` : `--${key} <value>`,
      `${doc} (default: ${fallback === '' ? 'none' : fallback}; ${variableOf(key)})`,
    );
    if (isBoolean) flag.preset('true');
    command.addOption(flag);
  }
}

/** Where the configuration comes from when the command is run. */
export function configSources(command: Command, options: readonly Option[]): Sources {
  return {
    file: String(command.getOptionValue('config')),
    fileRequired: command.getOptionValueSource('config') === 'cli' || process.env['M2MP_CONFIG'] !== undefined,
    env: process.env,
    flags: Object.fromEntries(options.map(({ key }) => [key, command.getOptionValue(camelCase(key))])),
  };
}

function camelCase(key: string): string {
  return key.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
