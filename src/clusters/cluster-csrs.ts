import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { CsrObject } from '../kubernetes/csr-object.js';
import { ClusterForbiddenError, ClusterRefusedError, ClusterUnavailableError } from '../kubernetes/cluster-error.js';
import { whyNotPermitted } from '../callers/permissions.js';
import { csrStatus, type ClusterCsr, type ClusterCsrCertificate } from '../model/cluster.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import { describeCertificationRequest, displayDistinguishedName, type ParsedCertificate } from '@kubepass/x509';
import { certificateInCsr, findOwnCsrs } from './own-csrs.js';
import type { Context } from '../context/context.js';

/**
 * The CSR objects in a cluster, also those of other creators: at most `limit` objects behind the name `after`. Only the
 * objects of the answer are decoded.
 */
export function listClusterCsrs(
  context: Context,
  principal: Principal,
  cluster: string,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<Outcome<{ readonly items: readonly ClusterCsr[]; readonly more: boolean }>> {
  return withConnection(context, principal, cluster, async (connection) => {
    const all = [...(await connection.csrs.list())].sort((a, b) => (a.name < b.name ? -1 : 1));
    const following = after === null ? all : all.filter(({ name }) => name > after);
    const shown = following.slice(0, limit);
    return done({
      items: await describeCsrs(context, connection, cluster, shown),
      more: following.length > shown.length,
    });
  });
}

export function findClusterCsr(
  context: Context,
  principal: Principal,
  cluster: string,
  name: string,
): Promise<Outcome<ClusterCsr>> {
  return withConnection(context, principal, cluster, async (connection) => {
    const found = await connection.csrs.find(name);
    const [described] = found === null ? [] : await describeCsrs(context, connection, cluster, [found]);
    return described === undefined ? refused({ kind: 'not-found' }) : done(described);
  });
}

async function withConnection<T>(
  context: Context,
  principal: Principal,
  cluster: string,
  use: (connection: ClusterConnection) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const refusal = whyNotPermitted(principal, 'read-cluster-csrs');
  if (refusal !== null) return refusal;
  const issuing = context.clusters.get(cluster);
  if (issuing === undefined) return refused({ kind: 'not-found' });
  if (issuing.connection === null)
    return refused({
      kind: 'cluster-not-connected',
      message: `kubepass signs for cluster ${JSON.stringify(cluster)} by itself and has no connection to its API server`,
    });
  try {
    return await use(issuing.connection);
  } catch (error) {
    const isUnavailable = error instanceof ClusterUnavailableError;
    if (!(isUnavailable || error instanceof ClusterForbiddenError || error instanceof ClusterRefusedError)) throw error;
    context.log.warn({ err: error, cluster }, 'the CSRs of a cluster could not be read');
    return refused({ kind: isUnavailable ? 'cluster-unavailable' : 'cluster-refuses' });
  }
}

async function describeCsrs(
  { store, clock }: Context,
  connection: ClusterConnection,
  cluster: string,
  csrs: readonly CsrObject[],
): Promise<readonly ClusterCsr[]> {
  const { username: ownUsername } = await connection.whoAmI();
  const read = await Promise.all(
    csrs.map(async (csr) => ({
      csr,
      request: await describeCertificationRequest(csr.request),
      certificate: certificateInCsr(csr),
    })),
  );
  const evidence = read.map((one) => ({ ...one, spkiSha256: one.request.spkiSha256 }));
  const own = await findOwnCsrs(store, cluster, ownUsername, evidence);
  const seenAt = clock();
  return read.map(({ csr, request, certificate }) => ({
    ...csr,
    seenAt,
    status: csrStatus(csr.conditions, csr.certificate !== null),
    request,
    certificate: certificate && describeCertificate(certificate),
    requestId: own.get(csr.uid)?.requestId ?? null,
  }));
}

function describeCertificate(certificate: ParsedCertificate): ClusterCsrCertificate {
  return {
    fingerprintSha256: certificate.fingerprintSha256,
    serialNumber: certificate.serialNumber,
    subject: displayDistinguishedName(certificate.subject),
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
  };
}
