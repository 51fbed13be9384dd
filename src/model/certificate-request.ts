import type { KeyAlgorithm } from '@kubepass/x509';
import type { ApprovalStage, PrincipalSelector, RecordedDecision } from './decision.js';
import type { Requester } from './principal.js';

/** The states of a request; `request-steps.ts` in context says which moves exist. */
export const requestStates = [
  'pending',
  'approved',
  'denied',
  'cancelled',
  'expired',
  'issuing',
  'issued',
  'failed',
] as const;
export type RequestState = (typeof requestStates)[number];

export interface PublicKeyReference {
  readonly algorithm: KeyAlgorithm;
  /** SHA-256 of the DER SubjectPublicKeyInfo, lower-case hex. */
  readonly spkiSha256: string;
}

/** Selects requests for a list; a field that is left out selects all. */
export interface RequestFilter {
  /** One of them. */
  readonly state?: RequestState | readonly RequestState[];
  readonly cluster?: string;
  readonly username?: string;
  /** Only usernames that begin with this. */
  readonly usernamePrefix?: string;
  /** The requester's name. */
  readonly requester?: string;
  /** All of them. */
  readonly labels?: readonly Label[];
  /** The principal who approved or denied them: the list begins with the newest of these decisions. */
  readonly decidedBy?: string;
  /** Only decisions of this instant and later. */
  readonly decidedSince?: Date | undefined;
}

/** A person's decision on a pending request. */
export interface Approval {
  readonly principal: string;
  readonly at: Date;
  readonly comment: string | null;
  /** The stage of the decision that it counts for, from 0; absent in records from before there were stages. */
  readonly stage?: number;
  /** The principals behind the approver's token, oldest first; absent where it was recorded before they were kept. */
  readonly createdBy?: readonly string[];
  /** The approver came by an API token that was less than a day old. */
  readonly byNewToken?: true;
  /** False: it does not count now, because the approver is blocked. Found out anew each time, not on record. */
  readonly counts?: boolean;
}

/** Why a request failed, or why it is denied although it was approved once. */
export interface RequestFailure {
  /** TitleCase and stable: `IssuedCertificateMismatch`, `NoLongerPermitted`. */
  readonly reason: string;
  readonly message: string;
}

/**
 * One try at getting a certificate signed, recorded before anything is signed. An outcome is accepted only from
 * the current owner and attempt number.
 */
export interface IssuanceAttempt {
  /** 1 for the first try; a new try gets a new number and, with a local CA, a new serial number. */
  readonly number: number;
  /** The process that works on it. */
  readonly owner: string;
  readonly leaseUntil: Date;
  readonly startedAt: Date;
  readonly spkiSha256: string;
  readonly intent: SigningIntent;
}

/**
 * A record of what is about to be signed, so that a certificate can be found or ruled out after a crash. `signer`
 * names the signer, whose own the other members are: `serialNumber` and `tbsSha256` with a local CA, and the name of
 * its `issuer`, which intents of older versions do not have. `objectName` is always the CertificateSigningRequest
 * object that the attempt creates in the cluster.
 */
export interface SigningIntent {
  readonly signer: string;
  readonly objectName?: string;
  readonly issuer?: string;
  readonly [member: string]: string;
}

/** A request for a user certificate, held for a decision. All fields of the ask are fixed when it is recorded. */
export interface CertificateRequest {
  /** UUIDv7, so that ids sort by creation. */
  readonly id: string;
  readonly state: RequestState;
  readonly cluster: string;
  readonly username: string;
  /** Unique; in the order asked for. */
  readonly groups: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** The caller's PKCS#10 as DER; null where kubepass generates the key at collection. */
  readonly certificationRequest: Uint8Array | null;
  readonly publicKey: PublicKeyReference | null;
  readonly expirationSeconds: number;
  readonly namespace: string | null;
  readonly reason: string | null;
  readonly labels: Labels;
  readonly requester: Requester;
  /** The name of the principal who may collect the key. */
  readonly collector: string;
  readonly createdAt: Date;
  /** When the request lapses if it is then pending, or approved and uncollected; null once it has ended. */
  readonly waitsUntil: Date | null;
  readonly decision: RecordedDecision;
  readonly approvals: readonly Approval[];
  /** The latest try; null before the first. */
  readonly attempt: IssuanceAttempt | null;
  /** Fingerprint of the issued certificate. */
  readonly fingerprintSha256: string | null;
  readonly failure: RequestFailure | null;
  /** The certificate to renew; null for a certificate that renews none. */
  readonly renewal: Renewal | null;
}

/** One line of a request's history, taken from the audit log. */
export interface TimelineEntry {
  readonly at: Date;
  readonly type: string;
  readonly principal: string | null;
  readonly message: string | null;
}

/** A stage that lacks approvals. */
export interface AwaitedStage {
  /** Its place among the decision's stages, from 0. */
  readonly stage: number;
  /** How many more approvals it takes. */
  readonly needed: number;
  /** The principals who may give them; undefined: every approver and admin. */
  readonly approvers: PrincipalSelector | undefined;
}

/** Manual approval without stages means one approval. */
const oneApprover: readonly ApprovalStage[] = [{ count: 1 }];

/** The stages that a pending request goes through, in order, as they were fixed when it was recorded. */
export function approvalStages({ decision }: Pick<CertificateRequest, 'decision'>): readonly ApprovalStage[] {
  return decision.stages.length === 0 ? oneApprover : decision.stages;
}

/**
 * The stages that a pending request still waits for, in order; the next approval counts for the first of them. Empty
 * for a request that is not pending.
 */
export function awaitedStages(
  request: Pick<CertificateRequest, 'state' | 'decision' | 'approvals'>,
): readonly AwaitedStage[] {
  if (request.state !== 'pending') return [];
  return approvalStages(request).flatMap(({ count, approvers }, stage) => {
    // Approvals that were recorded without a stage count for the first one.
    const given = request.approvals.filter(({ stage: at = 0, counts = true }) => counts && at === stage).length;
    return given >= count ? [] : [{ stage, needed: count - given, approvers }];
  });
}

/** The labels of a request by key. Callers find it by them, and policies and webhooks see them. Keys are sorted. */
export type Labels = Readonly<Record<string, string>>;

/** One label of a request. */
export interface Label {
  readonly key: string;
  readonly value: string;
}

export const labelBounds = {
  /** How many labels a request has at most. */
  count: 16,
  /** In characters. */
  value: 63,
} as const;

/** One text for both of them. A key has no `=`, so no other label has this text. */
export const labelText = ({ key, value }: Label): string => `${key}=${value}`;

/** The label in a text `key=value`, whose value may have a `=` of its own. */
export function labelIn(text: string): Label {
  const [key = ''] = text.split('=', 1);
  return { key, value: text.slice(key.length + 1) };
}

/** The labels in the order of their keys, so that equal ones are written alike. */
export const sortedLabels = (labels: Labels): Labels =>
  Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));

// Control and format characters, and the separators that end a line in some program or other.
const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Why the value of a label is refused, as the rest of a sentence about it; null where it is not. */
export const whyNotLabelValue = (value: string): string | null =>
  unseen.test(value) ? 'must not have control or format characters' : null;

/** A certificate's place in its lineage: the certificates that were renewed one from the other. */
export interface Renewal {
  /** The fingerprint of the certificate that is renewed, lower-case hex. */
  readonly of: string;
  /** The fingerprint of the first certificate of the lineage, which renews none. */
  readonly lineage: string;
  /** 1 for the first renewal. */
  readonly generation: number;
}
