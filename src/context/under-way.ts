import { BoundedMap } from '../model/bounded-map.js';
import { nothingToUndo, type PreparedSigning } from '../signing/signer.js';
import type { CommitResult, Step } from '../store/steps/step.js';
import type { Store } from '../store/store.js';
import type { Cluster, ProbedCluster, ProbeOptions, StoredClusterProbe } from '../model/cluster.js';
import { sha256 } from '@kubepass/x509';

/** The attempts that this process works on, by request. */
export class AttemptsUnderWay {
  readonly #byRequest = new Map<string, Promise<unknown>>();
  readonly #recoveries = new Map<string, number>();
  /** The certificates that this process has put into the inventory last, by fingerprint. */
  readonly inventoried = new BoundedMap<string, true>(10_000);

  has(requestId: string): boolean {
    return this.#byRequest.has(requestId);
  }

  /**
   * Makes the work on a request known until it ends, unless other work takes its place: an attempt that still clears
   * away after its end must not hide the next attempt from recovery. `work` never rejects.
   */
  track(requestId: string, work: Promise<unknown>): Promise<unknown> {
    const tracked: Promise<unknown> = work.finally(() => {
      if (this.#byRequest.get(requestId) === tracked) this.#byRequest.delete(requestId);
    });
    this.#byRequest.set(requestId, tracked);
    return tracked;
  }

  /**
   * Commits a step that may begin an attempt for the request, and makes that known before the commit: others can read
   * the attempt in the database before the commit is answered here, and recovery must not take it for one that was
   * left. `signing`: the attempt's; null where the step begins none. The signing begins beside the commit, unless the
   * commit is likely to fail; where it does fail, the signing's beginning is undone.
   */
  commitBeginning(
    store: Pick<Store, 'writer' | 'hasRoom'>,
    requestId: string,
    step: Step,
    signing: PreparedSigning | null,
  ): Promise<CommitResult> {
    const mayBegin = store.hasRoom();
    const committing = store.writer.commit(step);
    const undo = mayBegin && signing !== null ? signing.begin() : nothingToUndo;
    // One more turn, until the caller has gone on with the attempt and tracks that.
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    const ending = committing.then(({ committed }) => (committed ? turn() : undo()), undo);
    void this.track(requestId, ending);
    return committing;
  }

  /** Tracks the recovery of a request, and counts it for its cluster until it ends. */
  recover(cluster: string, requestId: string, work: Promise<unknown>): Promise<unknown> {
    this.#recoveries.set(cluster, this.recoveriesOf(cluster) + 1);
    const counted = work.finally(() => this.#recoveries.set(cluster, this.recoveriesOf(cluster) - 1));
    return this.track(requestId, counted);
  }

  /** How many requests of the cluster are being recovered. */
  recoveriesOf(cluster: string): number {
    return this.#recoveries.get(cluster) ?? 0;
  }

  /** Waits at most `seconds` for the end of the work on the request, if there is any. */
  async waitForEnd(requestId: string, seconds: number, over?: AbortSignal): Promise<void> {
    const running = this.#byRequest.get(requestId);
    if (running) await within(seconds, running, over);
  }

  /** Waits for the end of all of them. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#byRequest.values());
  }
}

/**
 * The value of the promise. Null if the promise takes longer than `seconds`, if `over` is aborted before its end, or if
 * it fails (its owner reports the fault).
 */
export async function within<T>(seconds: number, promise: Promise<T>, over?: AbortSignal): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<null>((resolve) => {
    timer = setTimeout(resolve, seconds * 1000, null);
    over?.addEventListener('abort', () => resolve(null));
  });
  try {
    return await Promise.race([promise.catch(() => null), timeout]);
  } finally {
    clearTimeout(timer);
  }
}

/** A probe that has not ended. */
export interface ProbeUnderWay {
  readonly startedAt: Date;
  readonly options: ProbeOptions;
  readonly ended: Promise<StoredClusterProbe>;
}

/** How long probes take. */
export interface ProbeTimes {
  /** How long a caller waits for the end: proxies cut off an answer that takes longer, most of them after 30 or 60. */
  readonly answerSeconds: number;
  /** How long a revoked certificate is tried: with the default caches of an API server it works for 30 seconds more. */
  readonly patienceMilliseconds: number;
}

const usualTimes: ProbeTimes = { answerSeconds: 20, patienceMilliseconds: 45_000 };

/**
 * The last probe of each cluster, kept in memory because a signer asks before each signing; and the probes under way.
 */
export class ClusterProbes {
  readonly #last = new Map<string, StoredClusterProbe>();
  readonly #underWay = new Map<string, ProbeUnderWay>();
  readonly #stopping = new AbortController();

  constructor(
    private readonly store: Pick<Store, 'clusterProbes'>,
    readonly times = usualTimes,
  ) {}

  /**
   * Reads the last probes from the store, which those of other replicas are in too. A probe of another cluster that had
   * the same name is left out.
   */
  async load(clusters: Iterable<Cluster>): Promise<void> {
    for (const cluster of clusters) {
      const stored = await this.store.clusterProbes.find(cluster.name);
      if (stored !== null && isOf(stored, cluster)) this.remember(stored);
    }
  }

  remember(probe: StoredClusterProbe): void {
    const known = this.#last.get(probe.cluster);
    if (known === undefined || known.probedAt <= probe.probedAt) this.#last.set(probe.cluster, probe);
  }

  last(cluster: string): StoredClusterProbe | null {
    return this.#last.get(cluster) ?? null;
  }

  underWay(cluster: string): ProbeUnderWay | null {
    return this.#underWay.get(cluster) ?? null;
  }

  /** Makes a probe known as under way until it ends. */
  track(cluster: string, { ended, ...begun }: ProbeUnderWay): Promise<StoredClusterProbe> {
    const tracked = ended.finally(() => this.#underWay.delete(cluster));
    this.#underWay.set(cluster, { ...begun, ended: tracked });
    return tracked;
  }

  /** Aborted once the process ends: then no probe begins, and one under way tries no revoked certificate any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  /** Ends the probes, and waits for those under way. */
  async stop(): Promise<void> {
    this.#stopping.abort(new Error('the process ends'));
    await Promise.allSettled([...this.#underWay.values()].map(({ ended }) => ended));
  }

  /** Why the cluster is known not to sign user certificates; null: it signs, or that is not known. */
  whyNotSigning(cluster: string): string | null {
    const last = this.last(cluster);
    if (last?.result.signs !== 'no') return null;
    const { message, advice } = last.result;
    return `the probe of ${last.probedAt.toISOString()} found that this cluster does not sign: ${message ?? ''} ${advice ?? ''}`.trim();
  }
}

export function probedCluster({ server, servingCertificateAuthority }: Cluster): ProbedCluster {
  return { server, servingCertificateAuthoritySha256: sha256(Buffer.from(servingCertificateAuthority, 'utf8')) };
}

/** Whether the probe is of this cluster. Probes that were recorded without saying which cluster was probed are not. */
function isOf({ result }: StoredClusterProbe, cluster: Cluster): boolean {
  const of = result.probed as ProbedCluster | undefined;
  const { server, servingCertificateAuthoritySha256 } = probedCluster(cluster);
  return of?.server === server && of.servingCertificateAuthoritySha256 === servingCertificateAuthoritySha256;
}
