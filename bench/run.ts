/**
 * `npm run bench [-- QUESTION…] [--json] [--report]`: asks each question, or the named ones, and prints tables, or JSON.
 * `--report` writes their answers into docs/numbers.md, with plots. Exit code 1 when a bar is missed.
 */
import { parseArgs } from 'node:util';
import { machine } from './machine.js';
import { type Finding, isReached, type Question } from './question.js';
import { cassandra } from './questions/cassandra.js';
import { decoding } from './questions/decoding.js';
import { exports } from './questions/exports.js';
import { growth } from './questions/growth.js';
import { heavyReads } from './questions/heavy-reads.js';
import { idleConnections } from './questions/idle-connections.js';
import { kills } from './questions/kills.js';
import { latency } from './questions/latency.js';
import { latest } from './questions/latest.js';
import { layout } from './questions/layout.js';
import { manyConnections } from './questions/many-connections.js';
import { newDevices } from './questions/new-devices.js';
import { readMonth } from './questions/read-month.js';
import { sync } from './questions/sync.js';
import { teltonika } from './questions/teltonika.js';
import { throughput } from './questions/throughput.js';
import { workers } from './questions/workers.js';
import { writeReport } from './report.js';

const questions: readonly Question[] = [
  throughput,
  teltonika,
  latency,
  decoding,
  layout,
  idleConnections,
  growth,
  readMonth,
  latest,
  heavyReads,
  exports,
  kills,
  sync,
  cassandra,
  workers,
  manyConnections,
  newDevices,
];

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false }, report: { type: 'boolean', default: false } },
});
const known = questions.map(({ name }) => name);
const unknown = positionals.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`bench: no question ${unknown.join(', ')}; there are ${known.join(', ')}\n`);
  process.exit(2);
}

const findings: { question: Question; finding: Finding }[] = [];
for (const question of questions) {
  if (positionals.length > 0 && !positionals.includes(question.name)) continue;
  const finding = await question.run((progress) => process.stderr.write(`${question.name}: ${progress}\n`));
  findings.push({ question, finding });
  if (values.json) continue;
  console.log(`\n${question.asks}`);
  console.table(finding.rows);
  for (const bar of finding.bars)
    console.log(
      `${isReached(bar) ? 'reached' : 'MISSED '}  ${bar.what}: ${bar.measured}${bar.unit}, to reach ${bar.more ? '≥' : '≤'} ${bar.bar}${bar.unit}`,
    );
}
if (values.json) {
  const answers = findings.map(({ question: { name, asks }, finding }) => ({ name, asks, ...finding }));
  process.stdout.write(`${JSON.stringify({ machine: machine(), answers }, null, 2)}\n`);
}
if (values.report) writeReport(questions, findings);
process.exitCode = findings.every(({ finding }) => finding.bars.every(isReached)) ? 0 : 1;
