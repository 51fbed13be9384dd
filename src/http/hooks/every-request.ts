import { randomUUID } from 'node:crypto';
import { BlockList, isIP, SocketAddress } from 'node:net';
import type { IncomingMessage } from 'node:http';
import { LogController, type FastifyReply, type FastifyRequest } from 'fastify';
import { budgetUses } from '../../model/budget.js';
import { peerCertificateOf } from '../server/create-server.js';
import type { App } from '../server/types.js';
import { readTraceparent, type RequestTracing } from '../../model/tracing.js';
import type { RequestMeasures } from '../../model/measures.js';

/**
 * Gives each request its route, before any other hook: Fastify makes `routeOptions` anew at each look, and hooks take a
 * dozen.
 */
export function keepRoutes(app: App): void {
  app.decorateRequest('route');
  app.addHook('onRequest', (request, _reply, done) => {
    request.route = request.routeOptions;
    done();
  });
}

/** Gives each request the address that its call comes from. */
export function findAddresses(app: App, addresses: CallerAddresses): void {
  app.decorateRequest('remoteAddress', {
    getter() {
      return addresses.of(this.raw);
    },
  });
}

/** For answers that are not pages: all but the documentation and the report of an inspection. */
const securityHeaders = {
  'content-security-policy': "default-src 'none';base-uri 'none';form-action 'none';frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'origin-agent-cluster': '?1',
  'referrer-policy': 'no-referrer',
  // RFC 6797. Without includeSubDomains: other services may live under the same domain.
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-dns-prefetch-control': 'off',
  'x-download-options': 'noopen',
  'x-frame-options': 'DENY',
  'x-permitted-cross-domain-policies': 'none',
  'x-xss-protection': '0',
};

/** Gives every answer the id of its request, and the security headers. */
export function setAnswerHeaders(app: App): void {
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).headers(securityHeaders);
    done();
  });
}

/**
 * Gives each request a span, and each of its log lines the trace's id. Without a collector the id is that of the
 * caller's `traceparent`, so that the lines of several services can still be found together, and nothing else is done.
 *
 * The span names the route and never the path, which may hold usernames.
 */
export function traceRequests(app: App, tracing: RequestTracing | null): void {
  app.decorateRequest('span', null);
  app.addHook('onRequest', (request, reply, done) => {
    const given = request.headers['traceparent'];
    const caller = given === undefined ? null : readTraceparent(given);
    const isTraced = tracing !== null && request.route.config.untraced !== true;
    const span = isTraced ? tracing.begin(caller) : null;
    const traceId = span?.traceId ?? caller?.traceId;
    if (traceId !== undefined) reply.log = request.log = request.log.child({ traceId });
    request.span = span;
    if (span === null) done();
    else span.run(done);
  });
  if (tracing === null) return;

  // Bodies are read from events of the connection, which belong to no request.
  app.addHook('preValidation', (request, _reply, done) => {
    if (request.span === null) done();
    else request.span.run(done);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { span, method } = request;
    const route = request.route.url;
    span?.set({
      'http.request.method': method,
      ...(route !== undefined && { 'http.route': route }),
      'http.response.status_code': reply.statusCode,
    });
    if (reply.statusCode >= 500) span?.fail(String(reply.statusCode));
    span?.end(route === undefined ? method : `${method} ${route}`);
    done();
  });
}

/** Safe in a log line and in a header. */
const acceptableId = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The caller's `X-Request-Id` if it is safe to repeat, else a new one. */
export function requestIdOf(request: Pick<IncomingMessage, 'headers'>): string {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && acceptableId.test(given) ? given : randomUUID();
}

/** The only request headers that reach the log: none of them can hold a secret. */
const loggedHeaders = ['accept', 'content-length', 'content-type', 'prefer', 'user-agent'] as const;

/** So many answers that no budget bounds are logged one by one in a minute, for each caller: ten a second. */
const mostAnswers = 600;
const mostCallers = 1_000;
/** The key of all callers who are not known. No principal has an empty name. */
const unknown = '';

/**
 * Writes one line for each answer that is not marked `unlogged`: no bodies, no query values, and only the headers of
 * the list. Calls that keep something are bounded by budgets. The others are reads above all: the first ones of a
 * minute get a line, and the rest one line for each caller: all callers who are not known count as one.
 */
export function logRequests(app: App): void {
  const limit = new LineLimit({
    most: mostAnswers,
    mostKeys: mostCallers,
    report: (unlogged) => {
      const { [unknown]: anonymous = 0, ...principals } = Object.fromEntries(unlogged);
      app.log.info(
        { answers: totalOf(unlogged), principals, anonymous },
        'more requests were answered than were logged one by one',
      );
    },
  });
  untilClosed(app, limit);
  app.decorateRequest('unlogged', false);
  app.addHook('onResponse', (request, reply, done) => {
    if (request.unlogged || !(isBounded(request) || limit.admits(request.principal?.name ?? unknown))) {
      done();
      return;
    }
    const [path = ''] = request.url.split('?');
    const headers: Record<string, string> = {};
    for (const name of loggedHeaders) {
      const value = request.headers[name];
      if (typeof value === 'string') headers[name] = value.slice(0, 256);
    }
    request.log.info(
      {
        method: request.method,
        path: path.slice(0, 512),
        status: reply.statusCode,
        principal: request.principal?.name ?? null,
        // Also where the caller was known by another credential.
        ...withCertificate(request),
        remoteAddress: request.remoteAddress,
        milliseconds: Math.round(reply.elapsedTime * 10) / 10,
        headers,
      },
      'request answered',
    );
    done();
  });
}

/** Whether the budgets of a known caller bound the number of such calls. */
function isBounded({ principal, route }: FastifyRequest): boolean {
  const { budgetUse = 'nothing' } = route.config;
  return principal !== null && budgetUses[budgetUse].costs !== null;
}

function withCertificate({ raw: { socket } }: FastifyRequest): { readonly clientCertificate?: string } {
  const peer = peerCertificateOf(socket);
  return peer === null ? {} : { clientCertificate: peer.fingerprintSha256 };
}

/**
 * Leaves out Fastify's own lines about requests, because they hold the whole URL and `logRequests` replaces them.
 * Lines about answers that break off stay.
 */
export class QuietLogController extends LogController {
  constructor() {
    super({ requestIdLogLabel: 'requestId' });
  }
  override incomingRequest(): void {
    // `logRequests` writes one line when the answer has left.
  }
  override requestCompleted(): void {
    // As above.
  }
  override routeNotFound(): void {
    // As above.
  }
  override defaultErrorLog(error: Error, _request: FastifyRequest, reply: FastifyReply): void {
    reply.log.error({ err: error }, 'request failed');
  }
}

/** Tells of every route that is added later, and of every answer. */
export function measureRequests(app: App, measures: RequestMeasures): void {
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.otherMethods === true) return;
    for (const one of Array.isArray(method) ? method : [method]) measures.route(one, url);
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { url, config } = request.route;
    const path = url === undefined || config.otherMethods === true ? null : url;
    measures.answered(request.method, path, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
}

const minuteMilliseconds = 60_000;
const otherKeys = 'Other';

interface LineLimitOptions {
  /** So many with the same key get a line of their own in a minute. */
  readonly most: number;
  /** Further keys are counted as one, so that the memory has an end. */
  readonly mostKeys: number;
  /** Told at the end of the minute, by key, how many got no line; not called where all of them did. */
  readonly report: (unlogged: ReadonlyMap<string, number>) => void;
}

/**
 * Decides which of many events get a line of their own in the log. The first ones of a minute do, and the minute ends
 * with one line for all others, so that nobody fills a disk. No key crowds out another one.
 */
export class LineLimit {
  #counts = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: LineLimitOptions) {}

  /** Counts an event. Answers whether it gets a line of its own. */
  admits(key: string): boolean {
    const { most, mostKeys } = this.options;
    const counted = this.#counts.has(key) || this.#counts.size < mostKeys ? key : otherKeys;
    const count = (this.#counts.get(counted) ?? 0) + 1;
    this.#counts.set(counted, count);
    this.#timer ??= setTimeout(() => {
      this.flush();
    }, minuteMilliseconds).unref();
    return count <= most;
  }

  /** Ends the minute: reports how many got no line. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { most, report } = this.options;
    const unlogged = new Map([...this.#counts].flatMap(([key, n]) => (n > most ? [[key, n - most] as const] : [])));
    this.#counts = new Map();
    if (unlogged.size > 0) report(unlogged);
  }
}

/** Reports the last ones as well, when the service closes. */
export function untilClosed<Limit extends LineLimit>(app: App, limit: Limit): Limit {
  app.addHook('onClose', async () => limit.flush());
  return limit;
}

/** How many these are together. */
export const totalOf = (unlogged: ReadonlyMap<string, number>): number =>
  unlogged.values().reduce((sum, count) => sum + count, 0);

/** An address in a header (RFC 7239 section 6): IPv6 may have brackets, and a port may follow. */
const node = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)(?=:|$)|([0-9a-f:.]+)$)(?::(?:\d{1,5}|_[\w.-]+))?$/i;
/** RFC 7239 section 4. No comma in a text: it would end the element for others. */
const forwardedPair = /^([!#$%&'*+.^`|~\w-]+)=(?:([!#$%&'*+.^`|~\w-]+)|"([^"\\,;]*)")$/;

/**
 * Finds the address of a caller: that of the connection, or where a trusted proxy has forwarded the call, the one that
 * the proxy tells in `X-Forwarded-For` or `Forwarded` (RFC 7239). The list is read from the right, because everybody
 * can write what stands left of the first address that no trusted proxy has.
 */
export class CallerAddresses {
  readonly #proxies = new BlockList();

  /** `proxies`: addresses, and networks as `10.0.0.0/8`; they have been checked. */
  constructor(private readonly proxies: readonly string[]) {
    for (const proxy of proxies) {
      const [address = '', prefix] = proxy.split('/');
      const family = familyOf(address);
      if (prefix === undefined) this.#proxies.addAddress(address, family);
      else this.#proxies.addSubnet(address, Number(prefix), family);
    }
  }

  /** Whether the address is that of a trusted proxy, so that connections from it are those of many callers. */
  readonly isProxy = (address: string): boolean =>
    this.proxies.length > 0 && isIP(address) !== 0 && this.#proxies.check(address, familyOf(address));

  /**
   * The address of the connection counts wherever the headers leave a doubt: both are there, or the address that they
   * should tell is missing, hidden or no address.
   */
  of({
    socket,
    headers,
  }: Pick<IncomingMessage, 'headers'> & { readonly socket: Pick<IncomingMessage['socket'], 'remoteAddress'> }): string {
    const own = socket.remoteAddress ?? '';
    if (!this.isProxy(own)) return own;
    // Node joins several lines of one header with commas, in their order.
    const { 'x-forwarded-for': addresses, forwarded } = headers as Readonly<Record<string, string | undefined>>;
    if ((addresses === undefined) === (forwarded === undefined)) return own;
    const told = (addresses ?? forwarded ?? '').split(',');
    let caller = own;
    while (told.length > 0 && this.isProxy(caller)) {
      const element = (told.pop() ?? '').trim();
      const address = addressIn(addresses === undefined ? forIn(element) : element);
      if (address === null) return own;
      caller = address;
    }
    return caller;
  }
}

/** The value of `for` in an element of `Forwarded`; null where the element is malformed, or has not one. */
function forIn(element: string): string | null {
  const pairs = element.split(';').map((pair) => forwardedPair.exec(pair.trim()));
  const nodes = pairs.filter((pair) => pair?.[1]?.toLowerCase() === 'for');
  return pairs.includes(null) || nodes.length !== 1 ? null : (nodes[0]?.[2] ?? nodes[0]?.[3] ?? null);
}

/** The address in its one form; null for everything else, as `unknown` and `_hidden` are. */
function addressIn(text: string | null): string | null {
  const [, bracketed, ipv4, ipv6] = node.exec(text ?? '') ?? [];
  const address = bracketed ?? ipv4 ?? ipv6 ?? '';
  if (isIP(address) === 0 || (bracketed !== undefined && isIP(bracketed) !== 6)) return null;
  return new SocketAddress({ address, family: familyOf(address) }).address;
}

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4');
