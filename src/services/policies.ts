import type { BlastRadius } from '../model/blast-radius.js';
import type { Decision, DecisionFacts } from '../model/decision.js';
import type { SupposedInDirectory, SupposedUser } from '../model/directory.js';
import type { Labels } from '../model/labels.js';
import type { Outcome } from '../model/outcome.js';
import type { Principal, Requester } from '../model/principal.js';
import type { Renewal } from '../model/renewal.js';
import type { RecordedRequestRange, ReplayItem } from '../model/replay.js';
import type { KeyAlgorithm } from '../x509/strict/key-algorithm.js';
import type { CertificateRequestAsk } from './certificate-requests.js';

/** A request to try out. With `renewalOf`, the fingerprint of a certificate, it has the members of a renewal alone. */
export type EvaluationAsk = CertificateRequestAsk & {
  readonly renewalOf?: string;
  /** Supposed of the username. */
  readonly directory?: SupposedInDirectory;
};

/** A loaded policy or guardrail: its name, its file, and its parsed YAML. */
export interface LoadedPolicy {
  readonly kind: 'Policy' | 'Guardrail';
  readonly name: string;
  readonly path: string;
  readonly spec: unknown;
}

/** The decision on a hypothetical request, and everything that it rests on. */
export interface Evaluation {
  readonly asked: {
    readonly cluster: string;
    readonly username: string;
    readonly groups: readonly string[];
    readonly keyAlgorithm: KeyAlgorithm;
    /** Whether the caller keeps the key. */
    readonly certificationRequest: boolean;
    /** Null where policy chooses it. */
    readonly expirationSeconds: number | null;
    readonly namespace: string | null;
    readonly reason: string | null;
    readonly labels: Labels;
    readonly collector: string;
    /** The certificate that it renews. */
    readonly renewal: Renewal | null;
  };
  readonly requester: Requester;
  readonly decision: Decision;
  readonly facts: DecisionFacts;
  readonly policySetDigest: string;
  /** Whether it was decided under policies that are not in force. */
  readonly draft: boolean;
  /** The identity's access on the cluster now; null where it is not known, absent if the caller may not see it. */
  readonly blastRadius?: BlastRadius | null;
}

/** A draft, and the requests that it decides again. The default of `before` is now. */
export interface ReplayAsk extends Partial<RecordedRequestRange> {
  /** YAML, as in policy files. */
  readonly policies: readonly string[];
  /** Supposed of these usernames, in place of what the directory told when their requests were decided. */
  readonly directory?: readonly SupposedUser[];
}

/** A replay that has begun. */
export interface Replay extends RecordedRequestRange {
  readonly policySetDigest: string;
  /** The items as they are found, several at a time. Ending the generator early ends the replay. */
  readonly items: AsyncGenerator<readonly ReplayItem[], void, void>;
}

export interface PolicyService {
  list(principal: Principal): { readonly digest: string; readonly items: readonly LoadedPolicy[] };
  /** The JSON Schema of a document of a policy file. */
  schema(): object;
  /**
   * Decides on a hypothetical request, under the policies in force (null) or under a draft. It leaves only an audit event
   * behind. Throws `PoliciesBusyError` where too many drafts wait.
   */
  evaluate(principal: Principal, ask: EvaluationAsk, policies: readonly string[] | null): Promise<Outcome<Evaluation>>;
  /** Decides the requests of a period again under a draft. Throws `PoliciesBusyError` while another replay runs. */
  replay(principal: Principal, ask: ReplayAsk): Promise<Outcome<Replay>>;
}
