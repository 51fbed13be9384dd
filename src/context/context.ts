import type { ClientTrust } from '../kubernetes/certificate-authorities.js';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { RoleBindings } from '../kubernetes/role-bindings.js';
import type { Certificate } from '../model/certificate.js';
import type { Cluster } from '../model/cluster.js';
import type { DecisionFacts } from '../model/decision.js';
import type { DirectorySettings } from '../model/directory.js';
import type { DenyListPort, PublicAddress } from '../model/revocation-enforcement.js';
import type { IssuanceMeasures, IssuancePhase, KeyMeasures } from '../model/measures.js';
import type { Tracing } from '../model/tracing.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import type { UnsafeSettings } from '../model/unsafe-setting.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { ClusterIssuers } from '../signing/cluster-issuers.js';
import type { Signer } from '../signing/signer.js';
import type { CommitResult, Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { ParsedCertificate, Signatures } from '@kubepass/x509';
import type { ListedNames } from './listed-names.js';
import type { AttemptsUnderWay, ClusterProbes } from './under-way.js';
import type { DirectoryUse, IdentityBlocks } from './standing.js';

/** The log of issuance. It is never handed keys, tokens or kubeconfigs. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A cluster together with its signer. */
export interface IssuingCluster {
  readonly cluster: Cluster;
  readonly signer: Signer;
  /** The CAs whose keys the service uses; null where the cluster signs. */
  readonly issuers: ClusterIssuers | null;
  /** How the service itself reaches the cluster; null where it does not. */
  readonly connection: ClusterConnection | null;
  /** The CAs that user certificates of this cluster chain to; null where they are unknown. */
  clientTrust(): Promise<ClientTrust | null>;
  /**
   * The grants that an identity would have on the cluster. `blastRadius` answers null where they were not read yet, or
   * the cluster is out of touch. Null: role bindings are not read there. Where nothing is known, decisions fail closed.
   */
  readonly roleBindings: Pick<RoleBindings, 'blastRadius'> | null;
}

/** The dependencies of the use cases, wired once in compose. Time and randomness are passed in. */
export interface Context {
  readonly store: Store;
  readonly clusters: ReadonlyMap<string, IssuingCluster>;
  readonly policySet: () => PolicySet;
  /** Where safety is off, by the settings and the policies in force. */
  readonly unsafeSettings: () => UnsafeSettings;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  readonly signatures: Signatures;
  /** Identifies this process as the owner of the attempts it works on. */
  readonly owner: string;
  /** Whether no other process can work on this store, so that every other owner of an attempt is dead. */
  readonly soleProcess: boolean;
  readonly settings: {
    readonly timeoutSeconds: number;
    readonly pendingExpiresAfterSeconds: number;
    readonly uncollectedExpiresAfterSeconds: number;
    /** For so long after a sign-in a certificate may be renewed without another one. */
    readonly groupsMaxAgeSeconds: number;
    /** How long before its end that of a certificate is announced; the shortest distance first. */
    readonly expiryNoticeSeconds: readonly number[];
  };
  readonly log: Log;
  /** The deliveries that tell webhooks of a change; see `announce`. */
  readonly deliveriesOf: (announcement: Announcement) => readonly WebhookDelivery[];
  readonly probes: ClusterProbes;
  readonly identityBlocks: IdentityBlocks;
  readonly directory: DirectorySettings;
  readonly directoryUse: DirectoryUse;
  readonly denyList: DenyListPort;
  readonly listedNames: Pick<ListedNames, 'passes' | 'of' | 'changesOf' | 'keptBy'>;
  /** How clusters reach the service; null where that is not known. */
  readonly publicAddress: PublicAddress | null;
  readonly measures: IssuanceMeasures;
  readonly keyMeasures: KeyMeasures;
  readonly attempts: AttemptsUnderWay;
  readonly tracing: Tracing;
  /** Is told of traces of what a restored database does not know. */
  readonly lostRecords: {
    /** The id of the log. */
    readonly instance: string;
    /**
     * Commits the step that records a certificate which a cluster has, which was signed for this log, and whose request
     * the database does not know. The restoration that this proves is recorded in the same commit.
     */
    recordLost(step: Step): Promise<CommitResult>;
  };
}

export function issuingCluster(context: Context, name: string): IssuingCluster {
  const found = context.clusters.get(name);
  if (!found) throw new Error(`cluster ${JSON.stringify(name)} of a recorded request is no longer configured`);
  return found;
}

/**
 * The CAs that go out behind a certificate: those between it and what its API servers trust. There are none where its
 * issuer is trusted itself, where the cluster signs, and where the issuer is not configured any more.
 */
export function chainOf(
  { clusters }: Pick<Context, 'clusters'>,
  { cluster, issuerFingerprintSha256 }: Pick<Certificate, 'cluster' | 'issuerFingerprintSha256'>,
): readonly ParsedCertificate[] {
  if (issuerFingerprintSha256 === null) return [];
  return clusters.get(cluster)?.issuers?.withFingerprint(issuerFingerprintSha256)?.chain ?? [];
}

/** The facts of a decision that the cluster's configuration says; `gatherFacts` looks up the others. */
export function factsOf(cluster: Cluster): DecisionFacts {
  return {
    cluster: cluster.name,
    allowPrivilegedGroups: cluster.allowPrivilegedGroups,
    nameAlphabet: cluster.nameAlphabet,
  };
}

/** The clock of this machine. */
export const systemClock = (): Date => new Date();

export const secondsAfter = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000);

/** Does a phase of an issuance. It is timed, and has its own span in the trace that is under way. */
export const phase = <T>(
  { measures, tracing }: Pick<Context, 'measures' | 'tracing'>,
  name: IssuancePhase,
  cluster: string,
  work: () => Promise<T>,
): Promise<T> => measures.during(name, cluster, () => tracing.span(name, work));
