import type { StoredClusterProbe } from '../model/cluster-probe.js';
import type { CertificateAuthorityBundle, Cluster, ClusterCsr } from '../model/cluster.js';
import type { PublicAddress } from '../model/enforcement.js';
import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

/** A cluster and its last probe; null: it was never probed. */
export interface ClusterView {
  readonly cluster: Cluster;
  readonly probe: StoredClusterProbe | null;
}

/** A CRL (RFC 5280 section 5). */
export interface CertificateList {
  readonly der: Uint8Array;
  readonly pem: string;
  readonly nextUpdate: Date;
  readonly number: bigint;
}

export interface ClusterService {
  /** The revoked certificates of the cluster's CA, for anybody; `certificate-conflict` where kubepass cannot sign a list. */
  certificateList(name: string): Promise<Outcome<CertificateList>>;
  list(principal: Principal): readonly ClusterView[];
  find(principal: Principal, name: string): Outcome<ClusterView>;
  /** The parts of a kubeconfig for the kubectl plugin. `publicAddress` null: it is not known how callers reach us. */
  execKubeconfig(
    principal: Principal,
    name: string,
  ): Outcome<{ readonly cluster: Cluster; readonly publicAddress: PublicAddress | null }>;
  /** Finds out what the cluster can do, for which it issues a certificate; one probe at a time. */
  probe(
    principal: Principal,
    name: string,
    options: { readonly measureLifetimeCap: boolean; readonly verifyRevocation?: boolean },
  ): Promise<Outcome<ClusterView>>;
  /** The CSR objects in the cluster in the order of their names, whoever created them: at most `limit` behind `after`. */
  certificateSigningRequests(
    principal: Principal,
    name: string,
    range: { readonly after: string | null; readonly limit: number },
  ): Promise<Outcome<{ readonly items: readonly ClusterCsr[]; readonly more: boolean }>>;
  certificateSigningRequest(principal: Principal, name: string, csrName: string): Promise<Outcome<ClusterCsr>>;
  /** `client` null where the cluster's client CA is not known. */
  certificateAuthorities(
    principal: Principal,
    name: string,
  ): Promise<
    Outcome<{ readonly serving: CertificateAuthorityBundle; readonly client: CertificateAuthorityBundle | null }>
  >;
}
