import { PROBLEM_CONTENT_TYPE } from './problem.js';

const meanings: Readonly<Record<ProblemStatus, string>> = {
  400: 'A parameter or the body is not valid',
  401: 'No token or session is shown, or it does not hold',
  403: 'The account may not do this',
  404: 'There is no such thing',
  409: 'It conflicts with what there is',
  413: 'The body is over its limit',
  415: 'The body is of another type than is taken',
  429: 'Too many requests of this address or account',
  503: 'Nothing can be stored at the moment; retry later',
};

type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 429 | 503;

/**
 * The responses of a route that are problems, beside 401, 403 and 429. To the types they are nothing: handlers throw them,
 * and so what they return is checked against the other responses alone.
 */
export function problems(...statuses: ProblemStatus[]): Record<never, never> {
  const all = [...new Set<ProblemStatus>([...statuses, 401, 403, 429])].sort();
  return Object.fromEntries(all.map((status) => [status, problem(status)]));
}

/** The same for a route that needs no token. */
export function publicProblems(...statuses: ProblemStatus[]): Record<never, never> {
  return Object.fromEntries([...statuses, 429 as const].map((status) => [status, problem(status)]));
}

function problem(status: ProblemStatus): object {
  return { description: meanings[status], content: { [PROBLEM_CONTENT_TYPE]: { schema: { $ref: 'Problem#' } } } };
}
