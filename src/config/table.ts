import type { Protocol } from '../../protocols/protocol.js';
import { variableOf } from './load.js';
import { optionsFor } from './options.js';

/** The options as a Markdown table, for the documentation. */
export function optionsTable(protocols: readonly Protocol[]): string {
  const rows = optionsFor(protocols).map(
    ({ key, fallback, doc }) =>
      `| \`${key}\` | \`${variableOf(key)}\` | ${code(fallback)} | ${doc.replaceAll('|', '\\|')} |`,
  );
  return ['| key, flag `--key` | variable | default | |', '|---|---|---|---|', ...rows].join('\n');
}

function code(fallback: string | number | boolean): string {
  return fallback === '' ? 'none' : `\`${fallback}\``;
}
