/** The API of a running gateway, as the verbs of the CLI ask it. */
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { EXIT } from './exit-codes.js';
import { escaped } from './table.js';

export const DEFAULT_URL = 'http://127.0.0.1:8080';
export const DEFAULT_TOKEN_FILE = './data/admin.token';
/** Milliseconds that an answer may take to begin. */
const TIMEOUT = 30_000;

/** Something a person can act upon; it ends the program with one line on standard error. */
export class CliError extends Error {
  constructor(
    message: string,
    readonly exitCode: number = EXIT.failed,
  ) {
    super(message);
    this.name = 'CliError';
  }
}

/** What can be asked again later: nobody answers, or the gateway says that it cannot at the moment. */
export class NotNow extends CliError {}

/** Statuses of answers that are another one a while later. */
const NOT_NOW: ReadonlySet<number> = new Set([429, 502, 503, 504]);

export interface Client {
  /**
   * Asks for JSON; throws `CliError` on anything but success, `NotNow` where it may succeed a while later. A 204 is
   * undefined.
   */
  json<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** The same with bytes or a stream to send, and the answer as it came. */
  raw(method: string, path: string, init?: RequestInit & { duplex?: 'half' }): Promise<Response>;
}

/** Adds the options of the verbs that speak with a gateway. */
export function addConnectionOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'where the API listens').env('M2MP_URL').default(DEFAULT_URL))
    .addOption(
      new Option('--token-file <file>', `file with the API token; M2MP_TOKEN has the token itself`)
        .env('M2MP_TOKEN_FILE')
        .default(DEFAULT_TOKEN_FILE),
    );
}

/** The client for a verb's options, its own or those of the verb it is below; `open`: without a token. */
export function clientFor(command: Command, { open = false } = {}): Client {
  const { url, tokenFile } = command.optsWithGlobals<{ url: string; tokenFile: string }>();
  const base = baseUrl(url);
  let token: string | null = null;
  async function raw(method: string, path: string, init: RequestInit & { duplex?: 'half' } = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    if (!open) {
      token ??= readToken(tokenFile, command.getOptionValueSourceWithGlobals('tokenFile') === 'cli');
      headers.set('authorization', `Bearer ${token}`);
    }
    let response: Response;
    try {
      response = await fetch(base + path, { ...init, method, headers });
    } catch (error) {
      throw new NotNow(
        `no gateway answers at ${base} (${reason(error)}); is "m2mp serve" running, or is --url another?`,
      );
    }
    if (NOT_NOW.has(response.status)) throw new NotNow(await problemOf(response));
    if (!response.ok) throw new CliError(await problemOf(response));
    return response;
  }
  return {
    raw,
    async json<T>(method: string, path: string, body?: unknown): Promise<T> {
      const response = await raw(method, path, {
        signal: AbortSignal.timeout(TIMEOUT),
        ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      // The API's own answers, whose shapes its schemas state.
      return (response.status === 204 ? undefined : await response.json()) as T;
    },
  };
}

/** A part of a path of the API. */
export function part(text: string): string {
  return encodeURIComponent(text);
}

export type Parameter = string | number | boolean | null | undefined;

/** A query of the entries that are given, those of a list one by one. */
export function query(entries: Readonly<Record<string, Parameter | readonly Parameter[]>>): string {
  const parameters = new URLSearchParams();
  for (const [key, values] of Object.entries(entries))
    for (const value of [values].flat())
      if (value !== undefined && value !== null) parameters.append(key, String(value));
  return parameters.size > 0 ? `?${parameters}` : '';
}

function baseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (!parsed || !/^https?:$/.test(parsed.protocol))
    throw new CliError(`--url: ${JSON.stringify(url)} is not valid, it takes such as ${DEFAULT_URL}`, EXIT.usage);
  return parsed.href.replace(/\/+$/, '');
}

/** M2MP_TOKEN wins over the file unless the file is named on the command line. */
function readToken(file: string, fileNamed: boolean): string {
  const given = process.env['M2MP_TOKEN'];
  if (given && !fileNamed) return checkedToken(given.trim(), 'M2MP_TOKEN');
  try {
    return checkedToken(readFileSync(file, 'utf8').trim(), file);
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(`no API token: ${reason(error)}; name the file with --token-file or set M2MP_TOKEN`);
  }
}

function checkedToken(token: string, where: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CliError(`${where}: holds no API token; name its file with --token-file or set M2MP_TOKEN`);
}

async function problemOf(response: Response): Promise<string> {
  const text = await response.text();
  let detail = text.slice(0, 200);
  try {
    const problem: unknown = JSON.parse(text);
    if (typeof problem === 'object' && problem && 'detail' in problem) detail = String(problem.detail);
  } catch {
    // Not from the API itself: shown as it is.
  }
  const hint = response.status === 401 ? "; name the token's file with --token-file or set M2MP_TOKEN" : '';
  return escaped(`${response.status} ${detail}${hint}`);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return error.cause.errors.map(reason).join(', ');
  return error.cause instanceof Error ? error.cause.message || error.message : error.message;
}
