import { createPrivateKey, randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { CSR_PEM_LABEL, encodePem, generateKeyPair, writeCertificationRequest } from '@kubepass/x509';
import type { Attempt, CachedCredential, CredentialCache } from './credential-cache.js';
import type { Machine } from './machine.js';
import { RefusedError, TooEarlyError, UnavailableError } from './plugin-error.js';
import { localEnd, renewalTime } from './renewal-times.js';
import type { Authorization, RequestView, ServiceClient } from './service-client.js';
import type { Settings } from './settings.js';
import { signProof } from './sign-proof.js';

/** Kubepass keeps the answer to an Idempotency-Key for a day; longer where it is a renewal that waits for a person. */
const attemptMilliseconds = 20 * 3_600_000;

/** The identity to ask for, and the name of the principal who asks. */
export interface Wanted {
  readonly principal: string;
  readonly username: string;
  readonly groups: readonly string[];
}

/** The end of an ask; `pending`: a person must decide first. */
export type Asked =
  | { readonly kind: 'issued'; readonly credential: CachedCredential }
  | { readonly kind: 'pending'; readonly request: RequestView };

/** Asks for certificates with keys that are made here, and keeps each ask until it has an end. */
export class CertificateAsks {
  constructor(
    private readonly settings: Settings,
    private readonly cache: CredentialCache,
    private readonly client: ServiceClient,
    private readonly machine: Pick<Machine, 'now' | 'random'>,
  ) {}

  /** A new certificate in place of this one, for which the key of this one is proof enough. */
  async renew(credential: CachedCredential, waitSeconds: number): Promise<Asked> {
    const { fingerprintSha256, keyPem } = credential;
    const attempt = await this.#attempt(fingerprintSha256, { ...credential, principal: null });
    const { csr } = JSON.parse(attempt.body) as { readonly csr: string };
    const der = Buffer.from(csr.split('\n').slice(1, -2).join(''), 'base64');
    const renew = (now: number) => {
      const proof = signProof(
        { server: credential.server, fingerprintSha256, csr: der, now },
        createPrivateKey(keyPem),
      );
      return this.client.renew(fingerprintSha256, attempt.body, attempt.idempotencyKey, waitSeconds, { proof });
    };
    return this.#end(attempt, async () => {
      const now = this.machine.now();
      try {
        return await renew(now);
      } catch (error) {
        // A proof counts for a minute. Where the clock here is wrong, that of kubepass is taken for it.
        const time = error instanceof RefusedError && error.why === 'unauthenticated' ? error.serverTime : null;
        if (time === null || Math.abs(time - now) < 30_000) throw error;
        return renew(time);
      }
    });
  }

  /** A certificate that renews none. */
  async create(wanted: Wanted, waitSeconds: number, authorization: Authorization): Promise<Asked> {
    const attempt = await this.#attempt(null, wanted);
    return this.#end(attempt, () =>
      this.client.create(attempt.body, attempt.idempotencyKey, waitSeconds, authorization),
    );
  }

  /** Looks what became of the ask that waits for a person. */
  follow(attempt: Attempt & { readonly pendingRequest: string }, authorization: Authorization): Promise<Asked> {
    return this.#end(attempt, () => this.client.request(attempt.pendingRequest, authorization));
  }

  /** The ask that has no end yet, else a new one. It is kept before it is sent. */
  async #attempt(
    renewalOf: string | null,
    { principal, username, groups }: Pick<Attempt, 'principal' | 'username' | 'groups'>,
  ): Promise<Attempt> {
    const now = this.machine.now();
    const kept = this.cache.read('attempt');
    const asked = { renewalOf, principal, username, groups };
    if (
      kept !== null &&
      isFor(kept, asked) &&
      saysWhy(kept, this.settings) &&
      (kept.pendingRequest !== null || now - kept.startedAt < attemptMilliseconds)
    )
      return kept;
    const { cluster, namespace, expirationSeconds, keyAlgorithm, reason } = this.settings;
    const key = await generateKeyPair(keyAlgorithm);
    const csr = encodePem(CSR_PEM_LABEL, await writeCertificationRequest({ username, groups }, key));
    const common = {
      csr,
      ...(expirationSeconds !== null && { expirationSeconds }),
      ...(reason !== null && { reason }),
    };
    const body = renewalOf === null ? { cluster, ...common, ...(namespace !== null && { namespace }) } : common;
    const attempt: Attempt = {
      ...asked,
      body: JSON.stringify(body),
      keyPem: key.privateKeyPem,
      idempotencyKey: randomUUID(),
      startedAt: now,
      pendingRequest: null,
    };
    this.cache.write('attempt', attempt);
    return attempt;
  }

  /** Keeps the certificate, or what is to be waited for; forgets an ask that came to its end. */
  async #end(attempt: Attempt, ask: () => Promise<RequestView>): Promise<Asked> {
    let request: RequestView;
    try {
      request = await ask();
    } catch (error) {
      // kubepass keeps a no with the key of its ask, so the next ask needs another one.
      if (!(error instanceof UnavailableError) || error instanceof TooEarlyError) this.cache.remove('attempt');
      throw error;
    }
    const { state, certificate } = request;
    if (certificate !== null && state === 'issued') {
      const now = this.machine.now();
      const { fingerprintSha256, username, groups, pem } = certificate;
      const notAfter = localEnd(certificate.notAfter, now, request.serverTime);
      const credential: CachedCredential = {
        server: this.settings.server,
        cluster: this.settings.cluster,
        ...{ username, groups, fingerprintSha256, certificatePem: pem, keyPem: attempt.keyPem },
        ...{ issuedAt: now, notAfter, renewAt: renewalTime({ issuedAt: now, notAfter }, this.machine.random()) },
      };
      this.cache.write('credential', credential);
      this.cache.remove('attempt', 'refusal', 'failure');
      if (now >= notAfter)
        throw new RefusedError(`the certificate of request ${request.id} ended before it was collected`, 'ended');
      return { kind: 'issued', credential };
    }
    if (attempt.renewalOf !== null && (state === 'approved' || state === 'issuing')) {
      // The same ask, with another proof, gets the certificate that comes later.
      throw new UnavailableError(`the cluster has not signed certificate request ${request.id} in time`);
    }
    if (['pending', 'approved', 'issuing'].includes(state)) {
      if (attempt.pendingRequest !== request.id)
        this.cache.write('attempt', { ...attempt, pendingRequest: request.id });
      return { kind: 'pending', request };
    }
    this.cache.remove('attempt');
    const why = request.failure === null ? '' : `: ${request.failure}`;
    throw new RefusedError(`certificate request ${request.id} is ${state}${why}`);
  }
}

/** Whether this ask is for the same identity, by the same principal. */
const isFor = (
  { renewalOf, principal, username, groups }: Attempt,
  asked: Pick<Attempt, 'renewalOf' | 'principal' | 'username' | 'groups'>,
): boolean => isDeepStrictEqual({ renewalOf, principal, username, groups }, asked);

/** Whether an ask has the reason that is to be given now; without such a reason, every ask does. */
const saysWhy = ({ body }: Attempt, { reason }: Pick<Settings, 'reason'>): boolean =>
  reason === null || (JSON.parse(body) as { readonly reason?: string }).reason === reason;

/** `waits for 1 of 2 team-leads`. */
export function progressOf({ state, awaiting }: RequestView): string {
  if (state !== 'pending') return 'is approved, and waits for the cluster to sign';
  const [first] = awaiting;
  return first === undefined ? 'waits for approval' : `waits for ${first.needed} of ${first.of} ${first.whom}`;
}
