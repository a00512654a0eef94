/** docs/numbers.md and its plots, made from what was measured. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { machine } from './machine.js';
import { type Bar, type Finding, isReached, type Plot, type Question, type Row } from './question.js';

const root = new URL('../..', import.meta.url).pathname;
const NUMBERS = `${root}docs/numbers.md`;
const PLOTS = `${root}docs/plots`;
/** What a person wrote stands between these two, and stays. */
const KEPT = /<!-- kept -->[\s\S]*<!-- \/kept -->/;

/**
 * Writes the report: what was asked now, in the place of its former answer; answers of questions that were not asked stay,
 * as does what is kept by hand. `questions` are all there are, in their order.
 */
export function writeReport(
  questions: readonly Question[],
  findings: readonly { question: Question; finding: Finding }[],
): void {
  mkdirSync(PLOTS, { recursive: true });
  for (const { question, finding } of findings)
    if (finding.plot) writeFileSync(`${PLOTS}/${question.name}.svg`, svg(finding.plot));
  const before = readReport();
  const sections = questions.map((question) => {
    const found = findings.find((one) => one.question === question);
    return found ? section(question, found.finding) : (before.sections.get(question.asks) ?? '');
  });
  writeFileSync(NUMBERS, markdown(before.kept, sections));
}

/** What the report says so far: what is kept by hand, and the section of each question. */
function readReport(): { readonly kept: string; readonly sections: ReadonlyMap<string, string> } {
  const text = existsSync(NUMBERS) ? readFileSync(NUMBERS, 'utf8') : '';
  const kept = KEPT.exec(text)?.[0] ?? '';
  const [, ...sections] = text.replace(KEPT, '').split(/^## /m);
  return { kept, sections: new Map(sections.map((one) => [one.split('\n')[0] ?? '', `## ${one.trim()}`])) };
}

function markdown(kept: string, sections: readonly string[]): string {
  const { processor, cores, memory, system, node } = machine();
  const parts = [
    '# Numbers',
    `Measured on ${cores} × ${processor}, ${memory}, ${system}, Node.js ${node}, load and server on the same machine. Such` +
      ' machines are noisy: the ratios are within one run, each the median of its rounds. To repeat them:',
    '```sh\nnpm run bench -- --report\n```',
    kept,
    ...sections,
  ];
  return `${parts.filter(Boolean).join('\n\n')}\n`;
}

function section({ name, asks }: Question, { rows, bars, plot }: Finding): string {
  const parts = [`## ${asks}`, table(rows), bars.map(barLine).join('\n')];
  if (plot) parts.push(`![${plot.title}](plots/${name}.svg)`);
  return parts.filter(Boolean).join('\n\n');
}

function table(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const body = rows.map((row) => line(columns.map((column) => cell(row[column] ?? ''))));
  return [line(columns), line(columns.map(() => '---')), ...body].join('\n');
}

function cell(value: string | number): string {
  return typeof value === 'number' ? value.toLocaleString('en', { maximumSignificantDigits: 6 }) : value;
}

function barLine(bar: Bar): string {
  const sign = bar.more ? '≥' : '≤';
  return `- ${bar.what}: **${bar.measured}${bar.unit}**, to reach ${sign} ${bar.bar}${bar.unit}: ${isReached(bar) ? 'reached' : 'missed'}`;
}

const WIDTH = 640;
const BAR = 22;
const GAP = 10;
const LABELS = 180;
const VALUES = 90;

/** A chart of horizontal bars, readable on light and dark. */
function svg({ title, unit, values }: Plot): string {
  const most = Math.max(...values.map(({ value }) => value));
  const height = 40 + values.length * (BAR + GAP);
  const bars = values.map(({ label, value }, index) => {
    const y = 36 + index * (BAR + GAP);
    const width = Math.max(1, ((WIDTH - LABELS - VALUES) * value) / most);
    const text = `${value.toLocaleString('en', { maximumSignificantDigits: 3 })}${unit}`;
    return [
      `<text x="${LABELS - 8}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LABELS}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="3" fill="${index === 0 ? '#2f7ed8' : '#9aa7b5'}"/>`,
      `<text x="${(LABELS + width + 6).toFixed(1)}" y="${y + 15}">${escaped(text)}</text>`,
    ].join('');
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" fill="#808890">`,
    `<title>${escaped(title)}</title>`,
    `<text x="0" y="18" font-size="15">${escaped(title)}</text>`,
    ...bars,
    '</svg>\n',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
