import {
  type CsrObject,
  type CsrObjects,
  isUndecided,
  kubeApiserverClient,
  type NewCsrObject,
  ownApproval,
} from '../kubernetes/csr-object.js';
import type { CsrWatch } from '../kubernetes/csr-watch.js';
import {
  ClusterConflictError,
  ClusterForbiddenError,
  ClusterRefusedError,
  ClusterUnavailableError,
} from '../kubernetes/cluster-error.js';
import type { ApprovedRequest } from '../model/approved-request.js';
import type { SigningIntent } from '../model/certificate-request.js';
import { SignerUnavailableError } from '../model/errors.js';
import {
  signingAccess,
  certificateIn,
  differencesFrom,
  isEnd,
  newCsrObject,
  objectNameOf,
} from './kubernetes-signer-object.js';
import {
  type GivenUp,
  nothingToUndo,
  type PreparedSigning,
  type Signer,
  SigningRefusedError,
  SigningUndeterminedError,
} from './signer.js';
import { setTimeout as sleep } from 'node:timers/promises';

/** The parts of a cluster connection that the signer uses. */
interface SigningCluster {
  readonly name: string;
  /** The id of the log in which requests are recorded. */
  readonly instance: string;
  readonly csrs: CsrObjects;
  readonly watch: CsrWatch;
  /** Our own username there, as the API server knows it: `spec.username` of our objects. */
  whoAmI(): Promise<{ readonly username: string }>;
  /** Why the cluster is known not to sign user certificates; null: it signs, or that is not known. */
  whyNotSigning(): string | null;
}

/** How much of the time is kept back for deleting the object when no certificate comes. */
const giveUpMilliseconds = 5_000;

/**
 * Lets the cluster's own signer sign: creates a CertificateSigningRequest, approves it, and waits for the certificate.
 * The name of the object follows from request and attempt, so that it can be found again after a crash. Since names
 * can be guessed, the object is compared with what was sent before it is approved.
 */
export class KubernetesSigner implements Signer {
  readonly needsCertificationRequest = true;
  readonly needsCluster = true;
  /** The object is found again by its name. */
  readonly mayBeResumed = true;
  readonly requiredAccess = signingAccess;

  constructor(
    private readonly cluster: SigningCluster,
    private readonly clock: () => Date,
  ) {}

  prepare(request: ApprovedRequest): PreparedSigning {
    const objectName = objectNameOf(request);
    let made: Promise<CsrObject | null> = Promise.resolve(null);
    const signing = this.#signing(request, objectName, async (csr, deadline) => {
      const begun = await made;
      if (begun !== null) return begun;
      this.#refuseIfNotSigning(request);
      return this.#create(csr, deadline);
    });
    return {
      ...signing,
      // Nobody signs an object that is not approved, so it may exist before its intent is on record.
      begin: () => {
        if (this.#whyNotSigning(request) !== null) return nothingToUndo;
        made = newCsrObject(request, objectName, this.cluster.instance)
          .then((csr) => this.cluster.csrs.create(csr))
          // `sign` tries again and reports what is wrong.
          .catch(() => null);
        return async () => this.#withdraw(await made);
      },
    };
  }

  resume(request: ApprovedRequest, intent: SigningIntent): PreparedSigning | null {
    const { objectName } = intent;
    if (objectName === undefined) return null;
    return this.#signing(request, objectName, async (csr, deadline) => {
      this.#refuseIfNotSigning(request);
      const found = await this.#reached(deadline, () => this.cluster.csrs.find(csr.name));
      // It was never created, or is long gone together with its certificate: the request begins anew.
      if (found === null)
        throw new SignerUnavailableError(`there is no CertificateSigningRequest ${csr.name} any more`);
      return found;
    });
  }

  async giveUp(intent: SigningIntent): Promise<GivenUp> {
    const { objectName } = intent;
    if (objectName === undefined) throw new TypeError(`an intent of signer ${intent.signer} is not for a cluster`);
    try {
      const certificate = await this.#giveUp(objectName);
      return { certificate, cleanUp: () => this.#cleanUp(objectName) };
    } catch (error) {
      throw new SignerUnavailableError(`cluster ${this.cluster.name} does not say what became of ${objectName}`, {
        cause: error,
      });
    }
  }

  #signing(
    request: ApprovedRequest,
    objectName: string,
    begin: (csr: NewCsrObject, deadline: Date) => Promise<CsrObject>,
  ): PreparedSigning {
    const seen: Seen = { latest: null };
    return {
      intent: { signer: 'kubernetes', objectName },
      begin: () => nothingToUndo,
      sign: async (deadline) => {
        const csr = await newCsrObject(request, objectName, this.cluster.instance);
        const enough = new Date(deadline.getTime() - giveUpMilliseconds);
        const object = await begin(csr, enough);
        return { kind: 'written-elsewhere', der: await this.#approveAndWait(object, csr, enough, seen) };
      },
      cleanUp: () => this.#cleanUp(objectName, seen.latest),
    };
  }

  #whyNotSigning({ probe }: ApprovedRequest): string | null {
    return probe ? null : this.cluster.whyNotSigning();
  }

  #refuseIfNotSigning(request: ApprovedRequest): void {
    const why = this.#whyNotSigning(request);
    if (why !== null) throw new SigningRefusedError('ClusterDoesNotSign', why);
  }

  /** Creates the object of an attempt whose intent is recorded. */
  async #create(csr: NewCsrObject, deadline: Date): Promise<CsrObject> {
    return this.#reached(deadline, async () => {
      try {
        return await this.cluster.csrs.create(csr);
      } catch (error) {
        if (!(error instanceof ClusterConflictError)) throw error;
        const { username } = await this.cluster.whoAmI();
        const found = await this.cluster.csrs.find(csr.name);
        // Somebody guessed the name. The comparison before the approval says what is wrong with the object.
        if (found !== null && (found.username !== username || !isUndecided(found))) return found;
        // Ours: its answer was lost, or its intent was not recorded. It is not taken over, because whoever made it may
        // be about to delete it.
        if (found !== null) await this.cluster.csrs.delete(found);
        throw new ClusterUnavailableError(`the name ${csr.name} was taken`, { cause: error });
      }
    });
  }

  /**
   * Deletes an object whose intent was not recorded. One that was signed all the same stays, and is recorded as an
   * identity that kubepass did not issue.
   */
  async #withdraw(made: CsrObject | null): Promise<void> {
    if (made === null) return;
    const deadline = new Date(this.clock().getTime() + giveUpMilliseconds);
    try {
      await retryUntil(deadline, this.clock, isPassing, async () => {
        if (await this.#isDeleted(made)) return;
        const latest = await this.cluster.csrs.find(made.name);
        if (latest?.uid === made.uid && latest.certificate === null) await this.cluster.csrs.delete(latest);
      });
    } catch {
      // `clearUnrecordedObjects` finds it.
    }
  }

  async #approveAndWait(object: CsrObject, csr: NewCsrObject, deadline: Date, seen: Seen): Promise<Uint8Array> {
    const approval = { sent: false };
    try {
      await this.#approve(object, csr, approval, deadline);
    } catch (error) {
      return this.#notApproved(csr.name, approval.sent, error);
    }
    const settled = (latest: CsrObject | null) => latest === null || latest.uid !== object.uid || isEnd(latest);
    const waited = await this.cluster.watch.waitFor(csr.name, settled, deadline);
    if (waited.kind === 'deadline') return this.#notSignedInTime(csr.name);
    const latest = waited.csr;
    if (latest === null || latest.uid !== object.uid)
      throw new SigningRefusedError(
        'CertificateSigningRequestGone',
        `CertificateSigningRequest ${csr.name} was deleted by somebody else before it was signed: ask again`,
      );
    seen.latest = latest;
    if (latest.certificate !== null) return certificateIn(latest.certificate);
    return this.#refuseAs(latest);
  }

  /**
   * Compares the object, as the API server answered it, with what was sent, and approves that very version. Approving a
   * version that is not the latest is a conflict, and then the object is read again.
   */
  async #approve(object: CsrObject, csr: NewCsrObject, approval: { sent: boolean }, deadline: Date): Promise<void> {
    let justRead: CsrObject | null = object;
    await this.#reached(deadline, async () => {
      const { username } = await this.cluster.whoAmI();
      const latest = justRead ?? (await this.cluster.csrs.find(csr.name));
      justRead = null;
      // Gone, signed or ended already: the watch then answers its end.
      if (latest === null || latest.uid !== object.uid || isEnd(latest)) return;
      const differences = differencesFrom(csr, latest, username);
      if (differences.length > 0)
        throw new SigningRefusedError(
          notOurs,
          `CertificateSigningRequest ${csr.name} is not what kubepass sent (${differences.join(', ')}): ` +
            'somebody else made or changed it, and it is not approved',
        );
      if (latest.conditions.some(({ type }) => type === 'Approved')) return;
      approval.sent = true;
      try {
        await this.cluster.csrs.approve(latest, ownApproval, 'Approved by kubepass under its policies.');
      } catch (error) {
        if (error instanceof ClusterConflictError)
          throw new ClusterUnavailableError('the object changed while it was being approved', { cause: error });
        throw error;
      }
    });
  }

  /** Ends a signing whose approval is not known to have succeeded. An object that is not ours is left alone. */
  async #notApproved(name: string, approvalWasSent: boolean, error: unknown): Promise<Uint8Array> {
    if (error instanceof SigningRefusedError) {
      if (error.reason !== notOurs) await this.#cleanUp(name);
      throw error;
    }
    return this.#certificateOr(name, error, (cause) => {
      const message = `whether ${name} is approved is not known, and it could not be deleted`;
      return approvalWasSent ? new SigningUndeterminedError(message, { cause }) : error;
    });
  }

  /** No certificate came in time. An approved object is signed the moment a signer appears, so it is deleted first. */
  async #notSignedInTime(name: string): Promise<Uint8Array> {
    const none = new SigningRefusedError(
      'ApprovedButNotSigned',
      `the cluster accepted the approval and signed nothing: its signer for ${kubeApiserverClient} is not running, or ` +
        'the cluster does not have one (Amazon EKS). The CertificateSigningRequest was deleted. Probe the cluster.',
    );
    const message = `${name} is approved, and could neither be awaited nor deleted`;
    return this.#certificateOr(name, none, (cause) => new SigningUndeterminedError(message, { cause }));
  }

  /** Deletes the object and throws `none`, unless it holds a certificate; `unknown` where the cluster fails. */
  async #certificateOr(name: string, none: unknown, unknown: (cause: unknown) => unknown): Promise<Uint8Array> {
    const certificate = await this.#giveUp(name).catch((cause: unknown) => {
      throw unknown(cause);
    });
    if (certificate === null) throw none;
    return certificate;
  }

  /** Deletes the object unless it holds a certificate; answers that. Throws where the cluster cannot be asked. */
  async #giveUp(name: string): Promise<Uint8Array | null> {
    const deadline = new Date(this.clock().getTime() + giveUpMilliseconds);
    return retryUntil(deadline, this.clock, isPassing, async () => {
      const latest = await this.cluster.csrs.find(name);
      if (latest === null) return null;
      if (latest.certificate !== null) return certificateIn(latest.certificate);
      await this.cluster.csrs.delete(latest);
      return null;
    });
  }

  async #refuseAs(latest: CsrObject): Promise<never> {
    const failed = latest.conditions.find(({ type }) => type === 'Failed');
    const denied = latest.conditions.find(({ type }) => type === 'Denied');
    await this.#cleanUp(latest.name, latest);
    if (denied)
      throw new SigningRefusedError(
        'DeniedInCluster',
        `somebody else denied the CertificateSigningRequest in the cluster: ${denied.reason} ${denied.message}`.trim(),
      );
    throw new SigningRefusedError(
      failed?.reason || 'SignerFailed',
      `the cluster's signer refused to sign: ${failed?.message ?? 'it does not say why'}`,
    );
  }

  /** `known` is the version that was seen last, if any: most often it is the latest, which saves reading it. */
  async #cleanUp(name: string, known: CsrObject | null = null): Promise<void> {
    try {
      if (known !== null && (await this.#isDeleted(known))) return;
      const latest = await this.cluster.csrs.find(name);
      if (latest) await this.cluster.csrs.delete(latest);
    } catch {
      // Nothing depends on it, and the cluster itself deletes the object within the hour.
    }
  }

  async #isDeleted(csr: CsrObject): Promise<boolean> {
    try {
      await this.cluster.csrs.delete(csr);
      return true;
    } catch (error) {
      if (error instanceof ClusterConflictError) return false;
      throw error;
    }
  }

  /** Tries until the cluster can be reached; its refusals become the request's end. */
  async #reached<T>(deadline: Date, act: () => Promise<T>): Promise<T> {
    // An API server that starts again, after an outage too, answers 403 to everybody until it has read its roles.
    let forbiddenSince: number | null = null;
    const isBelieved = () =>
      forbiddenSince !== null && this.clock().getTime() >= forbiddenSince + forbiddenMilliseconds;
    const mayPass = (error: unknown) => {
      forbiddenSince = error instanceof ClusterForbiddenError ? (forbiddenSince ?? this.clock().getTime()) : null;
      return forbiddenSince === null ? isPassing(error) : !isBelieved();
    };
    try {
      return await retryUntil(deadline, this.clock, mayPass, act);
    } catch (error) {
      if (error instanceof ClusterForbiddenError && isBelieved())
        throw new SigningRefusedError(
          'ForbiddenInCluster',
          `kubepass may not ${error.missing} in the cluster: grant it what deploy/kubernetes has`,
          { cause: error },
        );
      if (error instanceof ClusterRefusedError)
        throw new SigningRefusedError('RefusedByCluster', `the API server refuses it: ${error.message}`, {
          cause: error,
        });
      if (isPassing(error) || error instanceof ClusterForbiddenError)
        throw new SignerUnavailableError(`cluster ${this.cluster.name} could not be reached in time`, { cause: error });
      throw error;
    }
  }
}

/** The last version of an object that the watch showed; null: none yet. */
interface Seen {
  latest: CsrObject | null;
}

/** How long RBAC has to refuse without a break before it is believed. */
const forbiddenMilliseconds = 4_000;

/** The failure reason where an object of our name is not the one that we sent. */
const notOurs = 'CertificateSigningRequestMismatch';

/** Errors that pass by themselves: the API server is out of reach, or somebody changed the object in between. */
const isPassing = (error: unknown): boolean =>
  error instanceof ClusterUnavailableError || error instanceof ClusterConflictError;

const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 2_000;

/**
 * Calls `act` again, with growing pauses, while `isPassing` says that its error goes away by itself. At `deadline`
 * throws the last error.
 */
async function retryUntil<T>(
  deadline: Date,
  clock: () => Date,
  isPassing: (error: unknown) => boolean,
  act: () => Promise<T>,
): Promise<T> {
  for (let pause = firstPauseMilliseconds; ; pause = Math.min(pause * 2, longestPauseMilliseconds)) {
    try {
      return await act();
    } catch (error) {
      // Half of the pause is random, so that many callers do not come back all at once.
      const next = pause * (0.5 + Math.random() / 2);
      if (!isPassing(error) || clock().getTime() + next >= deadline.getTime()) throw error;
      await sleep(next);
    }
  }
}
