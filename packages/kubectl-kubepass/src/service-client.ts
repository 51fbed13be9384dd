import { callJson, type JsonAnswer } from './call-json.js';
import type { Machine } from './machine.js';
import { ForeignAnswerError, RefusedError, TooEarlyError, UnavailableError } from './plugin-error.js';
import type { Settings } from './settings.js';

/** A caller's right: a bearer token, or a proof of possession. Neither may be printed. */
export type Authorization = { readonly bearer: string } | { readonly proof: string } | null;

/** A certificate request, as far as the plugin reads it. */
export interface RequestView {
  readonly id: string;
  readonly state: string;
  readonly awaiting: readonly { readonly needed: number; readonly of: number; readonly whom: string }[];
  readonly failure: string | null;
  /** The time at kubepass, in milliseconds since 1970; null: unknown. */
  readonly serverTime: number | null;
  readonly certificate: CertificateView | null;
}

interface CertificateView {
  readonly fingerprintSha256: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** Milliseconds since 1970. */
  readonly notAfter: number;
  readonly pem: string;
}

/** An ask for a certificate. Kubepass may take so many seconds until it answers. */
type Ask = readonly [body: string, idempotencyKey: string, waitSeconds: number, authorization: Authorization];

interface CallOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks kubepass. Throws `RefusedError` or `UnavailableError` with a sentence for people. */
export class ServiceClient {
  constructor(
    private readonly place: Pick<Settings, 'server' | 'certificateAuthority'>,
    private readonly machine: Pick<Machine, 'environment' | 'now'>,
    private readonly timeoutMilliseconds: number,
  ) {}

  create(...ask: Ask): Promise<RequestView> {
    return this.#ask('/v1/certificate-requests', ...ask);
  }

  renew(fingerprint: string, ...ask: Ask): Promise<RequestView> {
    return this.#ask(`/v1/certificates/${fingerprint}/renew`, ...ask);
  }

  async request(id: string, authorization: Authorization): Promise<RequestView> {
    return this.#request(await this.#call('GET', `/v1/certificate-requests/${encodeURIComponent(id)}`, authorization));
  }

  /** The name of the caller; null where the token is not accepted. */
  async whoami(authorization: Authorization): Promise<string | null> {
    const answer = await this.#call('GET', '/v1/whoami', authorization);
    if (answer.status === 401 && isProblemOfKubepass(answer)) return null;
    const { name } = mustBeGood(answer, this.place.server);
    if (typeof name !== 'string') throw foreign(answer, this.place.server);
    return name;
  }

  async clusterNames(authorization: Authorization): Promise<readonly string[]> {
    const { items } = mustBeGood(await this.#call('GET', '/v1/clusters?limit=500', authorization), this.place.server);
    return listOf(items).flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
  }

  /** YAML, without a secret. */
  async clusterKubeconfig(cluster: string, authorization: Authorization): Promise<string> {
    const path = `/v1/clusters/${encodeURIComponent(cluster)}/kubeconfig`;
    const answer = await this.#call('GET', path, authorization, { headers: { accept: 'application/yaml' } });
    if (answer.status !== 200) mustBeGood(answer, this.place.server);
    return answer.text;
  }

  /** How programs sign in; nothing where kubepass is too old to say so. */
  async callers(): Promise<readonly OfferedIssuer[]> {
    const answer = await this.#call('GET', '/v1/callers', null);
    if (answer.status === 404) return [];
    const { oidc } = mustBeGood(answer, this.place.server);
    return listOf(oidc).flatMap(({ name, issuer, clientId, scopes, audiences }) =>
      typeof name === 'string' && typeof issuer === 'string' && typeof clientId === 'string' && Array.isArray(scopes)
        ? [{ name, issuer, clientId, scopes: scopes.map(String), audiences: [audiences ?? []].flat().map(String) }]
        : [],
    );
  }

  /** `valid`, `superseded`, `expired` or `revoked`; null where the caller may not see it. */
  async statusOf(fingerprint: string, authorization: Authorization): Promise<string | null> {
    const answer = await this.#call('GET', `/v1/certificates/${fingerprint}`, authorization);
    if (answer.status !== 200) return null;
    return typeof answer.json?.['status'] === 'string' ? answer.json['status'] : null;
  }

  /** Whether nobody gets a certificate for this username on this cluster; null where the caller may not see it. */
  async isBlocked(
    { username, cluster }: { readonly username: string; readonly cluster: string },
    authorization: Authorization,
  ): Promise<boolean | null> {
    const path = `/v1/identities/${encodeURIComponent(username)}`;
    const answer = await this.#call('GET', path, authorization).catch(nullIfUnavailable);
    if (answer?.status !== 200) return null;
    const blocked = answer.json?.['blocked'];
    if (!isObject(blocked)) return false;
    const { clusters } = blocked;
    return !Array.isArray(clusters) || clusters.includes(cluster);
  }

  /** Answers the uses that go on, in words. */
  async revoke(fingerprint: string, body: object, authorization: Authorization): Promise<readonly string[]> {
    const path = `/v1/certificates/${fingerprint}/revoke`;
    const answer = await this.#call('POST', path, authorization, { body: JSON.stringify(body) });
    const { enforcement } = mustBeGood(answer, this.place.server);
    return continuesOf(enforcement);
  }

  /**
   * The uses of a certificate that is revoked already that go on; null where the caller could not revoke it. A
   * revocation is final, so to ask for it again changes nothing, and the answer is the same.
   */
  async continuing(fingerprint: string, authorization: Authorization): Promise<readonly string[] | null> {
    try {
      return await this.revoke(fingerprint, { reason: 'unspecified' }, authorization);
    } catch (error) {
      if (error instanceof RefusedError) return null;
      throw error;
    }
  }

  async #ask(path: string, ...[body, idempotencyKey, waitSeconds, authorization]: Ask): Promise<RequestView> {
    const headers = { 'idempotency-key': idempotencyKey, prefer: `wait=${waitSeconds}` };
    return this.#request(await this.#call('POST', path, authorization, { body, headers }));
  }

  /** A renewal that is issued answers a kubeconfig, and the request is a member of it. */
  #request(answer: JsonAnswer): RequestView {
    const json = mustBeGood(answer, this.place.server);
    const { request = json } = json;
    const view = isObject(request) ? requestView(request, timeOf(answer)) : null;
    if (view === null) throw foreign(answer, this.place.server);
    return view;
  }

  #call(
    method: 'GET' | 'POST',
    path: string,
    authorization: Authorization,
    { body, headers = {} }: CallOptions = {},
  ): Promise<JsonAnswer> {
    return callJson({
      method,
      url: `${this.place.server}${path}`,
      headers: {
        ...(authorization !== null && {
          authorization:
            'bearer' in authorization ? `Bearer ${authorization.bearer}` : `KubepassProof ${authorization.proof}`,
        }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body }),
      certificateAuthority: this.place.certificateAuthority,
      trustAdvice: 'log in with --certificate-authority FILE, the CA of kubepass as PEM',
      timeoutMilliseconds: this.timeoutMilliseconds,
      environment: this.machine.environment,
      now: this.machine.now,
    });
  }
}

export interface OfferedIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** The audiences of the tokens that kubepass takes; empty: it does not say. */
  readonly audiences: readonly string[];
}

const foreign = ({ status }: JsonAnswer, server: string) => new ForeignAnswerError(server, `HTTP status ${status}`);

/**
 * RFC 9457, with a type of kubepass. Nothing else is a no: whoever stands between must not end a certificate that
 * works.
 */
function isProblemOfKubepass({ headers, json }: JsonAnswer): boolean {
  const [mediaType = ''] = String(headers['content-type'] ?? '').split(';');
  const type = json?.['type'];
  return (
    mediaType.trim().toLowerCase() === 'application/problem+json' &&
    typeof type === 'string' &&
    type.startsWith('urn:kubepass:')
  );
}

/** The body of an answer of success; throws for all others what the problem says. */
function mustBeGood(answer: JsonAnswer, server: string): Readonly<Record<string, unknown>> {
  const { status, json, headers } = answer;
  if (status >= 200 && status < 300) {
    if (json === null) throw foreign(answer, server);
    return json;
  }
  const detail = typeof json?.['detail'] === 'string' ? json['detail'] : `HTTP status ${status}`;
  const wait =
    typeof headers['retry-after'] === 'string' ? `; it can be asked again in ${headers['retry-after']} s` : '';
  // 409 with this type: the same ask is under way, and its answer will be there.
  const isUnderWay = json?.['type'] === 'urn:kubepass:problem:idempotency-key-in-flight';
  // The ask has its end, so the same one again would get this answer again.
  if (isProblemOfKubepass(answer) && json?.['type'] === 'urn:kubepass:problem:issuance-failed')
    throw new RefusedError(typeof json['reason'] === 'string' ? `${detail}: ${json['reason']}` : detail);
  if (status >= 500 || status === 429 || status === 408 || isUnderWay)
    throw new UnavailableError(`kubepass cannot answer now: ${detail}${wait}`);
  if (!isProblemOfKubepass(answer)) throw foreign(answer, server);
  const violated = listOf(json?.['violations']);
  // Older certificates of the lineage end by themselves, and then it may be renewed.
  if (violated.length > 0 && violated.every(({ reason }) => reason === 'LineageTooLong'))
    throw new TooEarlyError(`kubepass renews later: ${String(violated[0]?.['message'])}`);
  const errors = listOf(json?.['errors']).map(({ pointer, message }) => `${String(pointer)} ${String(message)}`);
  const id = json?.['certificateRequestId'];
  const message =
    violated.length > 0
      ? `policy denies ${typeof id === 'string' ? `certificate request ${id}` : 'the request'}:`
      : errors.length > 0
        ? `the request is not valid: ${errors.join('; ')}`
        : detail;
  // A policy lets others renew so late, and not this one. Policies decide on a new request as they do on any.
  const isTooLate = violated.some(({ reason }) => reason === 'RenewalTooLate');
  const why = isTooLate ? 'ended' : whyRefused(status, detail);
  throw new RefusedError(message, why, timeOf(answer), violated.map(violationInWords));
}

/** `  - group "ops" is not permitted (policy or guardrail developers)`: the source is named once. */
function violationInWords({ source, message }: Readonly<Record<string, unknown>>): string {
  const [said, by] = [String(message), typeof source === 'string' ? source : ''];
  return `  - ${said.includes(by) ? said : `${said} (by ${by})`}`;
}

function timeOf({ headers }: JsonAnswer): number | null {
  const time = Date.parse(String(headers['date']));
  return Number.isNaN(time) ? null : time;
}

function whyRefused(status: number, detail: string): RefusedError['why'] {
  if (status === 401) return 'unauthenticated';
  if (status === 404) return 'absent';
  if (status !== 409) return 'refused';
  return detail.includes('is revoked') ? 'revoked' : detail.includes('ended at') ? 'ended' : 'refused';
}

function nullIfUnavailable(error: unknown): null {
  if (error instanceof UnavailableError) return null;
  throw error;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const listOf = (value: unknown): readonly Readonly<Record<string, unknown>>[] =>
  Array.isArray(value) ? value.filter(isObject) : [];

const continuesOf = (value: unknown): readonly string[] => {
  const { continues } = (value ?? {}) as { readonly continues?: unknown };
  return Array.isArray(continues) ? continues.map(String) : [];
};

/** Null where the answer is no certificate request. */
function requestView(json: Readonly<Record<string, unknown>>, serverTime: number | null): RequestView | null {
  const { id, state, awaiting, certificate, failure, decision } = json;
  if (typeof id !== 'string' || typeof state !== 'string') return null;
  const view =
    certificate === null || certificate === undefined
      ? null
      : certificateView(certificate as Readonly<Record<string, unknown>>);
  if (view === null && certificate !== null && certificate !== undefined) return null;
  const stages = listOf((decision as { readonly stages?: unknown } | null)?.stages);
  return {
    id,
    state,
    serverTime,
    awaiting: listOf(awaiting).map(({ stage, needed, approvers }) => {
      const { count } = stages[Number(stage)] ?? {};
      return { needed: Number(needed), of: Number(count ?? needed), whom: whomOf(approvers) };
    }),
    failure:
      failure === null || failure === undefined ? null : String((failure as { readonly message?: unknown }).message),
    certificate: view,
  };
}

/** `team-leads`, or the roles where policy names nobody in particular. */
function whomOf(approvers: unknown): string {
  const { names, groups, roles } = (approvers ?? {}) as Readonly<Record<string, unknown>>;
  const all = [names, groups, roles].flatMap((list) => (Array.isArray(list) ? list.map(String) : []));
  return all.length === 0 ? 'approvers' : all.join(', ');
}

function certificateView({
  fingerprintSha256,
  username,
  groups,
  notAfter,
  pem,
}: Readonly<Record<string, unknown>>): CertificateView | null {
  const end = Date.parse(String(notAfter));
  if (
    typeof fingerprintSha256 !== 'string' ||
    typeof username !== 'string' ||
    typeof pem !== 'string' ||
    Number.isNaN(end) ||
    !Array.isArray(groups)
  )
    return null;
  return { fingerprintSha256, username, groups: groups.map(String), notAfter: end, pem };
}
