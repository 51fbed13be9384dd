import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { CsrObject } from '../kubernetes/csr-object.js';
import { ClusterForbiddenError, ClusterRefusedError, ClusterUnavailableError } from '../kubernetes/cluster-error.js';
import { whyNotPermitted } from '../identity/permissions.js';
import {
  type ProbeOptions,
  type StoredClusterProbe,
  csrStatus,
  type Cluster,
  type ClusterCsr,
  type ClusterCsrCertificate,
} from '../model/cluster.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import { isReviewer, type Principal } from '../model/principal.js';
import { describeCertificationRequest, displayDistinguishedName, type ParsedCertificate } from '@kubepass/x509';
import { certificateInCsr, findOwnCsrs } from './own-csrs.js';
import type { IssuanceContext, IssuingCluster } from '../context/context.js';
import type { CertificateLists } from '../access/revocation-lists.js';
import { describeCertificateAuthority } from '../kubernetes/certificate-authorities.js';
import { probeForAnswer } from './probe-cluster.js';

/** A cluster, with its last probe and that under way; null: there is none. */
export interface ClusterView {
  readonly cluster: Cluster;
  readonly probe: StoredClusterProbe | null;
  readonly probeStartedAt: Date | null;
}

export type ClusterService = ReturnType<typeof clusterService>;

/** The configured clusters. Any principal may see them, since a kubeconfig says as much. */
export function clusterService(context: IssuanceContext, certificateLists: Pick<CertificateLists, 'of' | 'all'>) {
  const { clusters, probes } = context;
  const view = ({ cluster }: IssuingCluster): ClusterView => ({
    cluster,
    probe: probes.last(cluster.name),
    probeStartedAt: probes.underWay(cluster.name)?.startedAt ?? null,
  });
  const withCluster = <T>(name: string, use: (found: IssuingCluster) => T) => {
    const found = clusters.get(name);
    return found ? use(found) : refused({ kind: 'not-found' });
  };
  return {
    list: (_principal: Principal) => [...clusters.values()].map(view),

    /**
     * The revoked certificates of an issuer, by default of the active one; `certificate-conflict` where kubepass cannot
     * sign a list.
     */
    certificateList: (name: string, issuer?: string) => certificateLists.of(name, issuer),

    /** The lists of all issuers that are active or retiring. */
    certificateLists: (name: string) => certificateLists.all(name),

    /** With a probe that another replica made, because whoever was told to look here may reach any of them. */
    find: async (_principal: Principal, name: string): Promise<Outcome<ClusterView>> =>
      withCluster(name, async (found) => {
        await probes.load([found.cluster]);
        return done(view(found));
      }),

    /** The parts of a kubeconfig for the kubectl plugin. `publicAddress` null: it is not known how callers reach us. */
    execKubeconfig: (_principal: Principal, name: string) =>
      withCluster(name, ({ cluster }) => done({ cluster, publicAddress: context.publicAddress })),

    /**
     * Finds out what the cluster can do, for which it issues a certificate; one probe at a time. A probe that takes
     * longer than its caller waits goes on: then `ended` is false.
     */
    async probe(
      principal: Principal,
      name: string,
      options: ProbeOptions,
    ): Promise<Outcome<{ readonly view: ClusterView; readonly ended: boolean }>> {
      const refusal = whyNotPermitted(principal, 'probe-clusters');
      if (refusal !== null) return refusal;
      return withCluster(name, async (found) => {
        const ended = await probeForAnswer(context, name, options, principal.name);
        return done({ view: view(found), ended });
      });
    },

    certificateSigningRequests: listClusterCsrs.bind(null, context),
    certificateSigningRequest: findClusterCsr.bind(null, context),

    /**
     * `client` null where the client CA of the cluster is not known, or nobody asks for it. Reviewers read those of their
     * own cluster alone. Throws `SignerUnavailableError` where this process does not know all client CAs.
     */
    certificateAuthorities: async (principal: Principal, name: string, asked: { readonly client: boolean }) =>
      withCluster(name, async (found) => {
        if (isReviewer(principal) && principal.cluster !== name)
          return refused({ kind: 'not-permitted', message: 'a reviewer reads the CAs of its own cluster alone' });
        const serving = describeCertificateAuthority(found.cluster.servingCertificateAuthority);
        if (!asked.client) return done({ serving, client: null });
        await found.issuers?.refresh();
        found.issuers?.requireServed();
        const client = await found.clientTrust();
        return done({ serving, client: client && describeCertificateAuthority(client.pem) });
      }),
  };
}

/**
 * The CSR objects in a cluster, whoever created them, at most `limit` behind the name `after`; only these are decoded.
 */
function listClusterCsrs(
  context: IssuanceContext,
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

function findClusterCsr(
  context: IssuanceContext,
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
  context: IssuanceContext,
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
  { store, clock }: IssuanceContext,
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
