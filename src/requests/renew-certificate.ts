import type { Context } from '../context/context.js';
import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { type CreatedKubeconfig, createKubeconfig, kubeconfigForHolder } from './collect-kubeconfig.js';
import { createRequest, type CreateOptions } from './create-request.js';
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
  return created.ok ? kubeconfigForHolder(context, created.value) : created;
}
