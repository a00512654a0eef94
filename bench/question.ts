/** What a benchmark is: one question, asked of real programs, answered in rows and ratios. */

export interface Question {
  /** As on the command line. */
  readonly name: string;
  /** The question, for a person. */
  readonly asks: string;
  run(say: (progress: string) => void): Promise<Finding>;
}

export type Row = { readonly [column: string]: string | number };

export interface Finding {
  readonly rows: readonly Row[];
  /** What is to be reached, and whether it was. */
  readonly bars: readonly Bar[];
  readonly plot?: Plot;
}

export interface Bar {
  readonly what: string;
  readonly measured: number;
  readonly bar: number;
  /** Whether more is better. */
  readonly more: boolean;
  readonly unit: string;
}

/** Bars of a chart, in their order. */
export interface Plot {
  readonly title: string;
  readonly unit: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

/** Whether a bar was reached. */
export function isReached({ measured, bar, more }: Bar): boolean {
  return more ? measured >= bar : measured <= bar;
}

/** The middle one; of an even number the upper of the two. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Three digits that say something. */
export function round(value: number): number {
  return Number(value.toPrecision(Math.abs(value) >= 1_000 ? Math.ceil(Math.log10(Math.abs(value))) : 3));
}
