/** Shows how far a long task is: a bar on a terminal, a line now and then elsewhere. */

/** What is shown of a moment. */
export interface Standing {
  /** What is being done. */
  readonly what: string;
  readonly done: number;
  readonly total: number;
  /** What else there is to say. */
  readonly more: string;
}

export interface ProgressOptions {
  readonly standing: () => Standing;
  /** Where it goes, such as standard error. */
  readonly output: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
}

export interface Shown {
  /** Writes a line that stays. */
  say(line: string): void;
  /** Takes the bar away, or says the last standing. */
  end(): void;
}

/** Milliseconds between two drawings of the bar, and between two lines. */
const REDRAW_EVERY = 200;
export const LINE_EVERY = 5_000;
const BAR_WIDTH = 24;
/** Back to the beginning of the line, which is cleared. */
const CLEAR = '\r\u001b[K';

/** Shows the standing until `end`. */
export function showProgress({ standing, output }: ProgressOptions): Shown {
  const isTTY = output.isTTY === true;
  const line = () => (isTTY ? CLEAR + bar(standing()).slice(0, (output.columns ?? 80) - 1) : `${words(standing())}\n`);
  const timer = setInterval(() => output.write(line()), isTTY ? REDRAW_EVERY : LINE_EVERY);
  return {
    say(text) {
      output.write(isTTY ? `${CLEAR}${text}\n${line()}` : `${text}\n`);
    },
    end() {
      clearInterval(timer);
      output.write(isTTY ? CLEAR : line());
    },
  };
}

/** `verify series  [######··················]  25 %  250 of 1000, …`. */
export function bar(standing: Standing): string {
  const { done, total } = standing;
  const full = Math.round(BAR_WIDTH * (total === 0 ? 1 : Math.min(1, done / total)));
  return `${standing.what}  [${'#'.repeat(full)}${'·'.repeat(BAR_WIDTH - full)}]  ${percent(standing)}  ${counts(standing)}`;
}

function words(standing: Standing): string {
  return `${standing.what}: ${percent(standing)}, ${counts(standing)}`;
}

function percent({ done, total }: Standing): string {
  return `${total === 0 ? 100 : Math.min(100, Math.floor((100 * done) / total))} %`;
}

function counts({ done, total, more }: Standing): string {
  return [...(total === 0 ? [] : [`${done} of ${total}`]), ...(more === '' ? [] : [more])].join(', ');
}
