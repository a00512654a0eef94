/** What an error of the driver means: trouble that is waited out, or a mistake that no retry mends. */
import { errors, types } from 'cassandra-driver';
import { StoreAway, StoreFailed } from '../store.js';

/** Longest reason taken over from Cassandra, in characters. */
const MAX_REASON = 300;

/** Answers that say the request itself is wrong: a table that is not there, a statement that is not understood. */
const wrong: ReadonlySet<number> = new Set([
  types.responseErrorCodes.protocolError,
  types.responseErrorCodes.syntaxError,
  types.responseErrorCodes.invalid,
  types.responseErrorCodes.configError,
  types.responseErrorCodes.alreadyExists,
]);

/** What the driver says of what it was asked: a mistake of the program's own. */
const ofProgram = [TypeError, RangeError, errors.ArgumentError, errors.NotSupportedError] as const;

/**
 * `StoreFailed` for what Cassandra will refuse for ever, a mistake of the program's own as it is, and `StoreAway` for all
 * else that the driver says, since it can end by itself or by an operator's hand while the gateway waits: nodes down or
 * slow, too few copies, rights taken away, connections lost, of which the driver speaks in errors without a type, too.
 */
export function translated(error: unknown): Error {
  if (error instanceof StoreAway || error instanceof StoreFailed) return error;
  if (!(error instanceof Error)) return new StoreFailed(`Cassandra: ${String(error)}`);
  const refused = refusalIn(error);
  if (refused) return new StoreFailed(`Cassandra refuses a request: ${shortened(refused.message)}`, { cause: error });
  if (ofProgram.some((kind) => error instanceof kind)) return error;
  return new StoreAway(`Cassandra: ${reasonOf(error)}`, { cause: error });
}

/** The refusal, where it is one, or where every node that was asked refused. */
function refusalIn(error: Error): Error | undefined {
  if (error instanceof errors.ResponseError) return wrong.has(error.code) ? error : undefined;
  const each = innerErrors(error).map(([, why]) => (why instanceof Error ? refusalIn(why) : undefined));
  return each.every((refusal) => refusal !== undefined) ? each[0] : undefined;
}

/** What each node said, when none could answer. */
function innerErrors(error: Error): [host: string, why: unknown][] {
  const inner: unknown = error instanceof errors.NoHostAvailableError ? error.innerErrors : undefined;
  return typeof inner === 'object' && inner ? Object.entries(inner) : [];
}

/** The message, and for nodes that cannot be reached what each of them said. */
export function reasonOf(error: Error): string {
  if (!(error instanceof errors.NoHostAvailableError)) return shortened(error.message);
  const each = innerErrors(error).map(([host, why]) => `${host}: ${why instanceof Error ? why.message : String(why)}`);
  return shortened(`no node can be reached${each.length > 0 ? ` (${each.join('; ')})` : ''}`);
}

function shortened(text: string): string {
  return text.length > MAX_REASON ? `${text.slice(0, MAX_REASON)}…` : text;
}
