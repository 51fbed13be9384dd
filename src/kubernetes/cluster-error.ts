/** The API server cannot be reached or asks to try again later (429, 5xx, a broken connection). */
export class ClusterUnavailableError extends Error {
  override readonly name = 'ClusterUnavailableError';
  /** The wait that the API server asks for (`Retry-After`); null where it names none. */
  readonly retryAfterSeconds: number | null;
  constructor(message: string, options: ErrorOptions & { readonly retryAfterSeconds?: number | null } = {}) {
    super(message, options);
    this.retryAfterSeconds = options.retryAfterSeconds ?? null;
  }
}

/** RBAC does not let kubepass do this: 401, or 403 that names the missing verb. */
export class ClusterForbiddenError extends Error {
  override readonly name = 'ClusterForbiddenError';
  constructor(
    message: string,
    /** As `describeAccess` prints it: `create certificatesigningrequests.certificates.k8s.io`. */
    readonly missing: string,
    /** 401: the credentials are not accepted at all. */
    readonly status: 401 | 403 = 403,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The API server or an admission plugin refuses the object itself: 400, 403 by admission, 422. */
export class ClusterRefusedError extends Error {
  override readonly name = 'ClusterRefusedError';
}

/** The object has changed since it was read, or its name is taken (409). */
export class ClusterConflictError extends Error {
  override readonly name = 'ClusterConflictError';
}

/** The object that was asked for is not there (404 that names it). */
export class ClusterNotFoundError extends Error {
  override readonly name = 'ClusterNotFoundError';
}

/** The answer; null where the object that was asked for is not there. */
export async function orMissing<Answer>(asked: Promise<Answer>): Promise<Answer | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ClusterNotFoundError) return null;
    throw error;
  }
}

/** The fields of `Status` of meta/v1 that are read here. */
export interface Status {
  readonly code?: number;
  readonly message?: string;
  readonly details?: { readonly name?: string; readonly kind?: string };
}

/** An answer of the API server with status 300 or above. */
interface FailedAnswer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The body: JSON of a `Status` where the API server itself answers. */
  readonly text: string;
}

/** The error that an answer of 300 or above means for the request that needed `access`. */
export function errorFromAnswer(answer: FailedAnswer, access: Access): Error {
  const status = readStatus(answer.text);
  const message = status?.message ?? `the API server answers ${answer.status}`;
  switch (answer.status) {
    case 401:
      return new ClusterForbiddenError(
        'the API server does not accept the credentials (401 Unauthorized)',
        describeAccess(access),
        401,
      );
    case 403:
      return forbidden(status, access);
    case 404:
      // A 404 that names no object is about the path: this is no API server, or one without this API.
      return status?.details?.name === undefined
        ? new ClusterUnavailableError(`the server does not know this API: ${message}`)
        : new ClusterNotFoundError(message);
    case 409:
      return new ClusterConflictError(message);
    // The resourceVersion or the `continue` token is too old to go on from: begin anew.
    case 410:
      return new ClusterUnavailableError(message);
    default: {
      // An API server does not redirect, so a status below 400 is a login page or a proxy. Credentials do not follow
      // it.
      const isForNow = answer.status >= 500 || answer.status < 400 || [408, 429].includes(answer.status);
      return isForNow
        ? new ClusterUnavailableError(message, { retryAfterSeconds: seconds(answer.retryAfter) })
        : new ClusterRefusedError(message);
    }
  }
}

/** RBAC and admission both answer 403. RBAC names the missing access; admission says what is wrong with the object. */
function forbidden(status: Status | null, access: Access): Error {
  const message = status?.message;
  if (message === undefined)
    return new ClusterForbiddenError('the API server answers 403 Forbidden', describeAccess(access));
  const missing = missingAccess(message);
  return missing === null
    ? new ClusterRefusedError(message)
    : new ClusterForbiddenError(message, describeAccess(missing));
}

/** The error for a request without an answer: no connection, no trust, no credentials to send, or no time left. */
export function errorWithoutAnswer(error: unknown, server: string): ClusterUnavailableError {
  // A signal that was aborted throws its reason.
  if (error instanceof ClusterUnavailableError) return error;
  return new ClusterUnavailableError(`the API server ${server} cannot be reached: ${reasonOf(error)}`, {
    cause: error,
  });
}

/** The reason may stand in the cause, and there may be several (one per address). */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError' || error.name === 'ConnectTimeoutError') return 'it does not answer in time';
  if (error.cause !== undefined) return reasonOf(error.cause);
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return error.message;
}

function readStatus(text: string): Status | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null && 'kind' in parsed && parsed.kind === 'Status'
      ? (parsed as Status)
      : null;
  } catch {
    return null;
  }
}

const seconds = (retryAfter: string | null): number | null =>
  retryAfter !== null && /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) : null;

/** One thing that RBAC allows or does not: a verb on a resource (authorization.k8s.io/v1 ResourceAttributes). */
export interface Access {
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly resource: string;
  readonly subresource?: string;
  /** One object alone; absent: all of them. */
  readonly name?: string;
  readonly namespace?: string;
}

/**
 * Prints an access for people: `update certificatesigningrequests/approval.certificates.k8s.io`,
 * `approve signers.certificates.k8s.io "kubernetes.io/kube-apiserver-client"`, `get configmaps in kube-system`.
 */
export function describeAccess({ verb, group, resource, subresource, name, namespace }: Access): string {
  return [
    `${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}${group === '' ? '' : `.${group}`}`,
    name === undefined ? '' : ` "${name}"`,
    namespace === undefined ? '' : ` in ${namespace}`,
  ].join('');
}

/** Reads the missing access out of an API server's refusal; null where the refusal is not about access rights. */
export function missingAccess(message: string): Access | null {
  const [, verb, path, group, namespace] = cannot.exec(message) ?? [];
  if (verb !== undefined && path !== undefined) {
    const [resource = path, subresource] = path.split('/');
    return {
      verb,
      resource,
      group: group ?? '',
      ...(subresource === undefined ? {} : { subresource }),
      ...(namespace === undefined ? {} : { namespace }),
    };
  }
  const [, approvedSigner] = notPermittedToApprove.exec(message) ?? [];
  return approvedSigner === undefined
    ? null
    : { verb: 'approve', group: 'certificates.k8s.io', resource: 'signers', name: approvedSigner };
}

/** How every authorizer words its refusal. */
const cannot =
  /cannot ([a-z]+) resource "([^"]+)" in API group "([^"]*)"(?: at the cluster scope| in the namespace "([^"]+)")/;
/** The admission plugin CertificateApproval checks this access after RBAC has let the update pass. */
const notPermittedToApprove = /user not permitted to approve requests with signerName "([^"]+)"/;
