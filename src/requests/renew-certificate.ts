import type { Context } from '../context/context.js';
import { stateConflict } from '../context/request-steps.js';
import type { CertificateRequest } from '../model/certificate-request.js';
import { type Outcome, type Refusal, refused } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { type CreatedKubeconfig, createKubeconfig, kubeconfigForHolder } from './collect-kubeconfig.js';
import { createRequest, type CreateOptions } from './create-request.js';
import { timelineOf } from './read-requests.js';
import type { RenewalAsk } from './resolve-renewal.js';

/**
 * Asks for a new certificate in place of one that is there: a request like any other, which names that one. The answer
 * is the kubeconfig where there can be one now. With a `csr` the certificate is waited for, at most `waitSeconds`.
 */
export async function renewCertificate(
  context: Context,
  principal: Principal,
  fingerprintSha256: string,
  ask: RenewalAsk,
  options: CreateOptions,
): Promise<Outcome<CreatedKubeconfig>> {
  const { csr, ...others } = ask;
  const renewal = { ...others, renews: fingerprintSha256 };
  if (csr === undefined) return createKubeconfig(context, principal, renewal, options);
  const created = await createRequest(context, principal, { ...renewal, csr }, options);
  if (!created.ok) return created;
  const { request } = created.value;
  if (request.state === 'denied' || request.state === 'cancelled')
    return refused(await endedByPerson(context, request));
  return kubeconfigForHolder(context, created.value);
}

/** A proof reads no request, so the refusal says who ended the request, and with which words. */
async function endedByPerson({ store }: Context, request: CertificateRequest): Promise<Refusal> {
  const { principal, message } = (await timelineOf(store, request.id)).at(-1) ?? { principal: null, message: null };
  const by = principal === null ? '' : ` by ${principal}`;
  return stateConflict(
    request,
    `certificate request ${request.id} was ${request.state}${by}${message === null ? '' : `: ${message}`}`,
  );
}
