import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  type Authentication,
  type Credential,
  isDirectory,
  isReviewer,
  type Principal,
  type RolesLost,
} from '../../model/principal.js';
import { decodeSinglePem } from '@kubepass/x509';
import { problem, type Problem, ProblemError, unavailable as serviceUnavailable } from '../problems/problem.js';
import type { App } from '../server/types.js';
import { tellBudgets, whenSpent } from './tell-budgets.js';
import { Failures } from './failed-credentials.js';
import { untilClosed } from './every-request.js';
import { clearSessionCookies, cookieOf, sessionCookie } from './session-cookies.js';
import { whyNotPermitted, type RoleAction } from '../../callers/permissions.js';
import { RefusalError } from '../problems/refusal-to-problem.js';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { peerCertificateOf } from '../server/create-server.js';
import { originOfPages } from './pages.js';
import type { Browsers } from '../../model/session.js';
import type { HttpContext } from '../server/http-context.js';

/**
 * A caller whose body comes later is looked at again: they may have been blocked, or their token revoked, meanwhile.
 */
const believedMilliseconds = 100;
const realm = 'Bearer realm="kubepass"';

/**
 * Requires a credential. A failed credential counts against the caller's address. Above the limit, failed calls get
 * 429. A valid credential never does, even from the same address. The log is told of the first failures of each minute.
 *
 * A reviewer, which is the API server of a cluster, may call the routes that say so. Routes `fromMemory` know it
 * without the database and have no limit: an API server repeats for seconds what is answered 429 or 5xx, while its
 * users wait.
 *
 * The connector of a directory may call the routes that say so, or all of them where this is for the connector.
 *
 * A browser sends the cookie of its session whichever page asks it to. So a call that changes something comes from a
 * page of ours.
 *
 * A caller whose budget is spent is refused before the body is read, and before anything else is looked at.
 */
export function authenticateCallers(
  app: App,
  authenticator: HttpContext['authenticator'],
  { failuresPerMinute, budgets, publicUrl, forDirectory: isForDirectory = false }: WhoMayCall,
): void {
  const failures = untilClosed(app, new Failures(app.log, failuresPerMinute));
  const browsers = isForDirectory ? null : app.browsers;
  app.decorateRequest('principal', null);
  app.decorateRequest('letInAt', Infinity);
  tellBudgets(app, budgets);
  const letIn = async (request: FastifyRequest, reply: FastifyReply) => {
    const { forReviewers, forDirectory = isForDirectory, fromMemory = false, forEverybody } = request.route.config;
    const origin = request.headers.cookie === undefined || browsers === null ? null : originOfPages(request, browsers);
    const credential = credentialOf(request, origin !== null, publicUrl);
    if (fromMemory) {
      request.principal = await reviewerOrOther(authenticator, credential);
      if (request.principal) {
        refuseAway(request, request.principal);
        return;
      }
      // Such a failure has no limit. Only the log has one.
      const presented = request.headers.authorization !== undefined;
      failures.tell(request, 'NotFromMemory', { presented }, 'authentication failed');
      throw new ProblemError(unauthenticated(request, null));
    }
    if (credential === null) {
      failures.tell(request, 'NothingPresented', { presented: false }, 'authentication failed');
      throw new ProblemError(unauthenticated(request, browsers));
    }
    const authentication = await authenticator.authenticate(credential);
    if (authentication.outcome === 'unavailable')
      throw new ProblemError(unavailable(request, failures, authentication));
    if (authentication.outcome === 'refused') {
      if (credential.kind === 'session') clearSessionCookies(reply);
      throw new ProblemError(failed(request, failures, authentication, browsers));
    }
    // Check the origin before charging the budget: no page of another site may spend the budget of the person at it.
    if (credential.kind === 'session' && origin !== null)
      requireSameOrigin(request, origin, failures, authentication.principal.name);
    const isFirstLook = request.principal === null;
    request.principal = authentication.principal;
    const spent = isFirstLook ? whenSpent(request, budgets) : null;
    if (spent !== null) throw new ProblemError(spent);
    request.letInAt = performance.now();
    if (forEverybody) return;
    if (isReviewer(request.principal) && !forReviewers) throw new ProblemError(onlyReviews);
    if (isDirectory(request.principal) && !forDirectory) throw new ProblemError(onlyDirectory);
    refuseAway(request, request.principal);
  };
  app.addHook('onRequest', letIn);
  app.decorate('letIn', letIn);
  // The body is known, and nothing has acted on it yet: not even an Idempotency-Key was looked up.
  app.addHook('preHandler', async (request, reply) => {
    if (performance.now() - request.letInAt > believedMilliseconds) await letIn(request, reply);
    if (request.principal?.proof === undefined) return;
    const refusal = await authenticator.useProof(request.principal, csrOf(request.body));
    if (refusal?.outcome === 'refused') throw new ProblemError(failed(request, failures, refusal, browsers));
  });
}

/** The DER of the certification request in a body; null where there is none that can be read. */
function csrOf(body: unknown): Uint8Array | null {
  const { csr } = body as { readonly csr?: unknown };
  if (typeof csr !== 'string') return null;
  const read = decodeSinglePem(csr, 'CERTIFICATE REQUEST');
  return read.ok ? read.der : null;
}

/** The callers that these routes have, and how often each may fail. */
interface WhoMayCall {
  /** How many failures of one address are answered before 429. */
  readonly failuresPerMinute: number;
  readonly budgets: HttpContext['budgets'];
  /** Where callers reach the service; null: where each connection arrives. */
  readonly publicUrl: string | null;
  /** Whether all of them are for the connector of a directory. No session counts then. */
  readonly forDirectory?: boolean;
}

function requireSameOrigin(request: FastifyRequest, origin: string, failures: Failures, principal: string): void {
  const whyNot = whyNotSameOrigin(request, origin);
  if (whyNot === null) return;
  failures.tell(request, 'NotSameOrigin', { principal, why: whyNot }, 'a call with the cookie of a session is refused');
  throw new ProblemError(
    problem(
      'not-permitted',
      'a call with the cookie of a session that changes something must come from a page of kubepass',
    ),
  );
}

const onlyReviews = problem(
  'not-permitted',
  'a reviewer asks for access reviews and reads what is rendered for its cluster, and nothing else',
);

const onlyDirectory = problem(
  'not-permitted',
  'the connector of a directory uses /scim/v2 and GET /v1/whoami, and nothing else',
);

/**
 * Refuses the calls that need a role to a caller without a role. A caller whose name is somebody else's now is not the
 * person on record, so every call is refused to them. A caller who left or is blocked is still the person on record, so
 * they may read their own records and sign out. They may change nothing else: a thief may have their credential, and a
 * leaver could revoke certificates that others use.
 */
function refuseAway({ method, route }: FastifyRequest, { roles, rolesLost }: Principal): void {
  if (roles.length > 0) return;
  const { withoutRole = false, whileAway = false } = route.config;
  if (rolesLost === undefined && withoutRole) return;
  if (rolesLost === undefined) throw new ProblemError(noRole);
  const isLeft = rolesLost !== 'succeeded' && withoutRole && (whileAway || safeMethods.includes(method));
  if (!isLeft) throw new ProblemError(whyRolesLost[rolesLost]);
}

/** An identity provider may vouch for everybody in the world. */
const noRole = problem(
  'not-permitted',
  'you have no role here; GET /v1/whoami tells the name and groups that roles are given to',
);

const whyRolesLost: Readonly<Record<RolesLost, Problem>> = {
  left: problem(
    'not-permitted',
    'the directory says that you left, so you have no role here until it says that you are back',
  ),
  succeeded: problem(
    'not-permitted',
    'the directory gave your name to somebody else after this credential was issued: its new owner must sign in again',
  ),
  blocked: problem(
    'not-permitted',
    'your name is blocked on every cluster, so you have no role here until somebody else unblocks it',
  ),
};

/** Others than reviewers are looked up. Never throws. */
async function reviewerOrOther(
  authenticator: HttpContext['authenticator'],
  credential: Credential | null,
): Promise<Principal | null> {
  if (credential?.kind !== 'bearer') return null;
  const reviewer = await authenticator.authenticateReviewer(credential.token);
  if (reviewer !== null) return reviewer;
  const authentication = await authenticator.authenticate(credential).catch(() => null);
  return authentication?.outcome === 'authenticated' ? authentication.principal : null;
}

/** Why it failed goes to the log alone: it would help a guesser. */
function failed(
  request: FastifyRequest,
  failures: Failures,
  { reason, message }: Extract<Authentication, { readonly outcome: 'refused' }>,
  browsers: Browsers | null,
) {
  const excess = failures.excess(request, 'authentications');
  if (excess !== null) return excess;
  failures.tell(request, reason, { presented: true, reason, why: message }, 'authentication failed');
  return unauthenticated(request, browsers);
}

/** Nobody who may be right is answered 401, nor counts as a guesser. Only the log has a limit. */
function unavailable(
  request: FastifyRequest,
  failures: Failures,
  { message, retryAfterSeconds }: Extract<Authentication, { readonly outcome: 'unavailable' }>,
): Problem {
  failures.tell(request, 'Unavailable', { why: message }, 'authentication is not possible now');
  return serviceUnavailable('whoever vouches for this credential cannot be asked now; try again', retryAfterSeconds);
}

/** Never repeats what the caller sent, because anything of it may be a secret. */
function unauthenticated(request: FastifyRequest, browsers: Browsers | null): Problem {
  const { authorization } = request.headers;
  if (/^Bearer(?: |$)/i.test(authorization ?? ''))
    return problem('unauthenticated', 'the token is unknown, expired or revoked', {
      headers: { 'www-authenticate': `${realm}, error="invalid_token"` },
    });
  // Nothing else is said: the log knows what is wrong with a proof.
  if (/^KubepassProof(?: |$)/i.test(authorization ?? '') && request.route.config.takesKeyProofs)
    return problem('unauthenticated', 'the proof of possession does not count for this call', {
      headers: { 'www-authenticate': `${realm}, KubepassProof` },
    });
  // RFC 6750 section 3.1: no error code if no credentials were sent, or some of another scheme.
  const headers = { 'www-authenticate': realm };
  if (authorization === undefined)
    return problem('unauthenticated', `send a bearer token${orSignIn(browsers)}`, { headers });
  const scheme = /^(Basic|Digest|Negotiate) /i.exec(authorization)?.[1];
  const found = scheme === undefined ? 'the Authorization header has another scheme' : `${scheme} is not accepted here`;
  return problem('unauthenticated', `${found}; send "Authorization: Bearer" and an API token`, { headers });
}

function orSignIn(browsers: Browsers | null): string {
  const [issuer] = browsers?.issuers ?? [];
  return issuer === undefined ? '' : `, or sign in with a browser at /v1/login/${issuer}`;
}

/** The caller of an authenticated route. */
export function callerOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Error('a route that needs a principal was reached without one');
  return request.principal;
}

/**
 * Refuses callers without a role for what their route does, before the body is read: nobody else has the service read
 * and check a large one. Comes behind the authentication. `ofAll`: the action of every route of the scope; else each
 * says its own.
 */
export function requireRoles(app: App, ofAll?: RoleAction): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { action = ofAll } = request.route.config;
    const { name = null } = request.params as { readonly name?: string };
    const refused = action === undefined ? null : whyNotPermitted(callerOf(request), action, name);
    done(refused === null ? undefined : new RefusalError(refused.refusal));
  });
}

/** RFC 6750 section 2.1: `b64token`. Node's limit of 16 KiB for all headers stands behind it. */
const bearer = /^Bearer +([A-Za-z0-9._~+/-]{1,8192}=*)$/i;

/**
 * The caller’s credential; null where there is none. A bearer token counts before the others, because it is the one
 * that somebody put into this request. A session counts where browsers reach the service over TLS or on this machine: a
 * cookie that comes over anything else has been seen by others.
 */
export function credentialOf(
  request: FastifyRequest,
  takesSessions: boolean,
  publicUrl: string | null = null,
): Credential | null {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    if (request.route.config.takesKeyProofs && /^KubepassProof(?: |$)/i.test(authorization))
      return keyProofOf(request, authorization, publicUrl);
    const token = bearer.exec(authorization)?.[1];
    return token === undefined ? { kind: 'unreadable' } : { kind: 'bearer', token };
  }
  const secret = takesSessions ? cookieOf(request, sessionCookie) : undefined;
  if (secret !== undefined) return { kind: 'session', secret, ...(request.route.config.isIdle && { isIdle: true }) };
  return clientCertificateOf(request);
}

/** The header is there once, with one space. Node joins several with commas. */
function keyProofOf(request: FastifyRequest, authorization: string, publicUrl: string | null): Credential {
  const text = /^KubepassProof ([A-Za-z0-9_-]{1,4096}\.[A-Za-z0-9_-]{1,4096}\.[A-Za-z0-9_-]{1,1024})$/.exec(
    authorization,
  )?.[1];
  const { url = '', method = '', socket } = request.raw;
  if (text === undefined) return { kind: 'unreadable' };
  const { fingerprintSha256 = '' } = request.params as Readonly<Record<string, string>>;
  const address = publicUrl ?? listeningAddress(socket);
  return { kind: 'key-proof', presented: { text, method, path: url, fingerprintSha256, address } };
}

/** The URL of the end of the connection that is ours: where the service listens. */
export function listeningAddress(socket: Socket): string {
  const { localAddress = '127.0.0.1', localPort = 0 } = socket;
  // RFC 4291 section 2.5.5.2: IPv4 on a listener for both.
  const address = localAddress.replace(/^::ffff:(?=[0-9.]+$)/, '');
  return `${socket instanceof TLSSocket ? 'https' : 'http'}://${address.includes(':') ? `[${address}]` : address}:${localPort}`;
}

/** The client certificate of the connection; null where its listener asks for none, or the client has sent none. */
function clientCertificateOf({ raw: { socket } }: FastifyRequest): Credential | null {
  const peer = peerCertificateOf(socket);
  if (peer === null) return null;
  const { der, untrusted } = peer;
  return untrusted === null ? { kind: 'client-certificate', der } : { kind: 'untrusted-certificate', why: untrusted };
}

/** RFC 9110 section 9.2.1: they change nothing, and other pages cannot read their answers. */
const safeMethods = ['GET', 'HEAD', 'OPTIONS'];

/**
 * Why a call that a browser makes with its cookie may have been caused by a page of another origin; null where it has
 * not been. The browser adds the cookie, whichever page calls. But it also says where the call comes from:
 * `Sec-Fetch-Site` (Fetch Metadata Request Headers section 2.4), which no page can set, or else `Origin` (RFC 6454
 * section 7).
 *
 * A form sends texts and files, and other pages may submit one. So with `Origin` alone, a body is JSON.
 */
export function whyNotSameOrigin({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>, origin: string) {
  if (safeMethods.includes(method)) return null;
  const site = headers['sec-fetch-site'];
  if (site !== undefined) return site === 'same-origin' ? null : 'Sec-Fetch-Site is not same-origin';
  if (headers.origin === undefined) return 'there is neither Sec-Fetch-Site nor Origin';
  if (headers.origin !== origin) return 'Origin is that of another page';
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const type = headers['content-type'];
  if (type === undefined ? hasBody : !/^application\/json *(;|$)/i.test(type))
    return 'there is no Sec-Fetch-Site, and the body is no JSON';
  return null;
}
