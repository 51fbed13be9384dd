import type { components } from './contract.js';

/** A problem as the service tells it (RFC 9457). */
export type Problem = components['schemas']['Problem'];

/** A call that failed, with the words for the person at the page. */
export class ProblemError extends Error {
  constructor(
    readonly problem: Problem,
    /** Seconds after which the service asks to be called again; null where it says nothing. */
    readonly retryAfterSeconds: number | null = null,
  ) {
    super(problem.detail);
  }
}

/** A call that was never answered, or not by kubepass. */
export const unreachable = (): ProblemError =>
  new ProblemError(
    {
      type: 'urn:kubepass:problem:service-unavailable',
      title: 'kubepass cannot be reached',
      status: 503,
      detail: 'kubepass cannot be reached, or something before it answered',
      requestId: '',
    },
    5,
  );

/** The problem of an answer, whoever gave it: a proxy may stand before the service. */
export function problemOf(error: unknown, answer: Response): ProblemError {
  const seconds = Number(answer.headers.get('retry-after') ?? 'NaN');
  const after = Number.isFinite(seconds) ? seconds : null;
  if (typeof error === 'object' && error !== null && 'detail' in error && 'requestId' in error)
    return new ProblemError(error as Problem, after);
  if (answer.status >= 500) return unreachable();
  const detail = `something before kubepass answered ${answer.status} ${answer.statusText}`.trim();
  return new ProblemError({ ...unreachable().problem, status: answer.status, detail }, after);
}
