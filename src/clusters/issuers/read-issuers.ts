import type { Context } from '../../context/context.js';
import { whyNotPermitted } from '../../callers/permissions.js';
import { done, refused, type Outcome } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import { certificationRequestOf } from '../../signing/sign-verified.js';
import { findIssuer, lookUpIssuer, issuerConflict, quoted } from './find-issuer.js';
import { issuerPem, type IssuerView, viewIssuer } from './issuer-view.js';

/** `pem` null: it has no certificate yet, or the configuration does not have it any more. */
export interface ShownIssuer {
  readonly view: IssuerView;
  readonly pem: string | null;
}

// Any principal may see the CAs of a cluster whose keys kubepass uses, as it may see the cluster.

/** In the order of the configuration, and then those that it does not have any more. */
export async function listIssuers(
  context: Context,
  _principal: Principal,
  cluster: string,
): Promise<Outcome<readonly IssuerView[]>> {
  const issuing = context.clusters.get(cluster);
  if (issuing === undefined) return refused({ kind: 'not-found' });
  const { issuers } = issuing;
  if (issuers === null) return done([]);
  await issuers.refresh();
  const recorded = issuers.recorded();
  const names = new Set([...issuers.all().map(({ name }) => name), ...recorded.keys()]);
  const views = [...names].map((name) =>
    viewIssuer(context, cluster, name, recorded.get(name) ?? null, issuers.loaded(name)),
  );
  return done(await Promise.all(views));
}

export async function showIssuer(
  context: Context,
  _principal: Principal,
  cluster: string,
  name: string,
): Promise<Outcome<ShownIssuer>> {
  const found = await lookUpIssuer(context, cluster, name);
  if (!found.ok) return found;
  const { recorded, loaded } = found.value;
  const view = await viewIssuer(context, cluster, name, recorded, loaded);
  return done({ view, pem: loaded?.certified ? issuerPem(loaded.certified) : null });
}

/** Has an issuer ask for its certificate: DER of PKCS#10. Throws `SignerUnavailableError` where its key cannot sign. */
export async function requestCertification(
  context: Context,
  principal: Principal,
  cluster: string,
  name: string,
): Promise<Outcome<Buffer>> {
  const refusal = whyNotPermitted(principal, 'manage-issuers');
  if (refusal !== null) return refusal;
  const found = await findIssuer(context, cluster, name);
  if (!found.ok) return found;
  const { recorded, loaded } = found.value;
  if (loaded === null) return issuerConflict(`the configuration does not have ${quoted(recorded)}`);
  const der = await certificationRequestOf(cluster, loaded, context);
  return der === null ? issuerConflict(`the configuration names no subject for ${quoted(recorded)}`) : done(der);
}
