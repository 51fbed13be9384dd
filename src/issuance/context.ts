import type { ClientTrust } from '../cluster/client-trust.js';
import type { ClusterConnection } from '../cluster/cluster-connection.js';
import type { BlastRadius } from '../model/blast-radius.js';
import type { Cluster } from '../model/cluster.js';
import type { DecisionFacts } from '../model/decision.js';
import type { Announcement, WebhookDelivery } from '../model/webhook-delivery.js';
import type { PolicySet } from '../policy/policy-set.js';
import type { Signer } from '../signer/signer.js';
import type { CommitResult, Step } from '../store/step.js';
import type { Store } from '../store/store.js';
import type { ClusterProbes } from './clusters/cluster-probes.js';

/** Where issuance says what went wrong; never handed keys, tokens or kubeconfigs. */
export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A cluster together with what signs for it. */
export interface IssuingCluster {
  readonly cluster: Cluster;
  readonly signer: Signer;
  /** How the service itself reaches the cluster; null where it does not. */
  readonly connection: ClusterConnection | null;
  /** The CAs that user certificates of this cluster chain to; null where they are unknown. */
  clientTrust(): Promise<ClientTrust | null>;
  /**
   * What the identity could do on the cluster, from what is at hand. Null where that is not known: role bindings are
   * not read there, were not read yet, or the cluster is out of touch. Whoever decides on it fails closed.
   */
  blastRadius(username: string, groups: readonly string[]): BlastRadius | null;
}

/** What the use cases work with; wired once in compose. Time and randomness are passed in. */
export interface IssuanceContext {
  readonly store: Store;
  readonly clusters: ReadonlyMap<string, IssuingCluster>;
  readonly policySet: () => PolicySet;
  readonly clock: () => Date;
  readonly random: (octets: number) => Buffer;
  /** Identifies this process as the owner of the attempts it works on. */
  readonly owner: string;
  /** No other process can be alive on this store, so whoever else owned an attempt is dead. */
  readonly soleProcess: boolean;
  readonly settings: IssuingSettings;
  readonly log: Log;
  /** The deliveries that tell webhooks of a change; see `announce`. */
  readonly deliveriesOf: (announcement: Announcement) => readonly WebhookDelivery[];
  /** What clusters were last found able to do. */
  readonly probes: ClusterProbes;
  /** The attempts that this process is working on, by request id; a promise never rejects. */
  readonly running: Map<string, Promise<unknown>>;
  /** How many requests are being recovered, by cluster: one that is down keeps only its own waiting. */
  readonly recovering: Map<string, number>;
  /** Idempotency keys whose first request is being worked on in this process. */
  readonly keysInFlight: Set<string>;
}

export interface IssuingSettings {
  readonly timeoutSeconds: number;
  readonly pendingExpiresAfterSeconds: number;
  readonly uncollectedExpiresAfterSeconds: number;
}

export function issuingCluster(context: IssuanceContext, name: string): IssuingCluster {
  const found = context.clusters.get(name);
  if (!found) throw new Error(`cluster ${JSON.stringify(name)} of a recorded request is no longer configured`);
  return found;
}

/** What a decision rests on that the cluster's configuration says; what takes looking up is `gatherFacts`. */
export function factsOf(cluster: Cluster): DecisionFacts {
  return {
    cluster: cluster.name,
    allowPrivilegedGroups: cluster.allowPrivilegedGroups,
    nameAlphabet: cluster.nameAlphabet,
  };
}

export const secondsAfter = (instant: Date, seconds: number): Date => new Date(instant.getTime() + seconds * 1000);

/**
 * Makes the work on a request known in `context.running` until it ends, unless other work on it takes its place: what
 * an attempt still clears away after its end must not hide the next attempt from recovery.
 */
export function trackRunning(
  { running }: IssuanceContext,
  requestId: string,
  work: Promise<unknown>,
): Promise<unknown> {
  const tracked: Promise<unknown> = work.finally(() => {
    if (running.get(requestId) === tracked) running.delete(requestId);
  });
  running.set(requestId, tracked);
  return tracked;
}

/**
 * Commits a step that may begin an attempt for the request. It is known in `context.running` from before the commit:
 * whoever reads the database can see the attempt before its commit is answered here, and recovery, which comes by at any
 * time, must not take it for one that was left.
 */
export function commitBeginning(context: IssuanceContext, requestId: string, step: Step): Promise<CommitResult> {
  const committing = context.store.writer.commit(step);
  // Until whoever waits for the answer has gone on with the attempt, which is known from then on.
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  void trackRunning(context, requestId, committing.then(turn, turn));
  return committing;
}
