import type { ApiClient, Reply } from './api-client.js';
import { ServiceError } from './service-process.js';

/** What a person wants to know of a certificate, as the service answers it. */
interface IssuedCertificate {
  readonly cluster: string;
  readonly username: string;
  readonly groups: readonly string[];
  /** RFC 3339. */
  readonly notAfter: string;
}

export type JobOutcome =
  | { readonly kind: 'issued'; readonly kubeconfig: string; readonly certificate: IssuedCertificate }
  | { readonly kind: 'denied'; readonly violations: readonly { readonly reason: string; readonly message: string }[] }
  | { readonly kind: 'awaiting' }
  | { readonly kind: 'failed'; readonly reason: string; readonly message: string };

/**
 * Asks for a kubeconfig for `username` as the principal of `token`. Throws `ServiceError` if the service gives an
 * answer that its contract does not promise.
 */
export async function obtainKubeconfig(username: string, client: ApiClient, token: string): Promise<JobOutcome> {
  const clusters = await client.send('GET', '/v1/clusters', { token });
  mustBe(clusters, 200, 'listing the clusters');
  const { items } = JSON.parse(clusters.body) as { items: readonly { readonly name: string }[] };
  const cluster = items.length > 1 ? items[0]?.name : undefined;

  const reply = await client.send('POST', '/v1/kubeconfigs', {
    token,
    json: { username, ...(cluster === undefined ? {} : { cluster }) },
  });
  if (reply.status === 202) return { kind: 'awaiting' };
  if (reply.status === 403) {
    const problem = JSON.parse(reply.body) as { violations?: Extract<JobOutcome, { kind: 'denied' }>['violations'] };
    if (problem.violations) return { kind: 'denied', violations: problem.violations };
  }
  if (reply.status === 502 && reply.location !== null) {
    const request = await client.send('GET', reply.location, { token });
    mustBe(request, 200, 'reading why it failed');
    const { failure } = JSON.parse(request.body) as { failure: { reason: string; message: string } };
    return { kind: 'failed', ...failure };
  }
  mustBe(reply, 201, `asking for a kubeconfig for "${username}"`);
  return { kind: 'issued', ...(JSON.parse(reply.body) as { kubeconfig: string; certificate: IssuedCertificate }) };
}

/** Throws `ServiceError` if the answer has another status than the contract promises. */
export function mustBe(reply: Reply, status: number, what: string): void {
  if (reply.status === status) return;
  const advice =
    reply.status === 401
      ? '\nthe token is not valid (any more); "npm run kubepass -- admin-token" makes a new one'
      : '';
  throw new ServiceError(`${what} was answered ${reply.status}:\n${reply.body.trimEnd()}${advice}`);
}
