import type { ListedCertificate, Revocation } from './certificate.js';
import type { CertificateRequest } from './certificate-request.js';
import type { ServedCertificates } from './issuer.js';
import type { Violation } from './decision.js';
import type { ApiToken } from './principal.js';
import type { ResidualExposure, IdentityBlock } from './identity.js';

/** The events that webhooks are told of, by their type on the wire. The schema of a type's payload never changes. */
export const webhookEventTypes = [
  'certificate_request.pending',
  'certificate_request.issued',
  'certificate_request.denied',
  'certificate.expiring',
  'certificate.revoked',
  'identity.blocked',
  'identity.unblocked',
  'audit.checkpoint',
  'break_glass_token.made',
  'issuer.activated',
  'issuer.retired',
  'issuer.expiring',
] as const;
export type WebhookEventType = (typeof webhookEventTypes)[number];

/** A change that webhooks may be told of, as its subject is when the change is committed. */
export type Announcement = { readonly at: Date } & (
  | RequestAnnouncement
  | CertificateAnnouncement
  | IdentityAnnouncement
  | CheckpointAnnouncement
  | IssuerAnnouncement
  | TokenAnnouncement
);

/** A request waits for a person, its certificate is issued, or it is denied. */
type RequestAnnouncement = { readonly request: CertificateRequest } & (
  | { readonly event: 'certificate_request.pending' }
  | { readonly event: 'certificate_request.issued'; readonly certificate: ListedCertificate }
  | { readonly event: 'certificate_request.denied'; readonly denial: Denial }
);

type CertificateAnnouncement = { readonly certificate: ListedCertificate } &
  /** It ends in at most `seconds`, one of the configured distances. */
  (
    | { readonly event: 'certificate.expiring'; readonly seconds: number }
    | { readonly event: 'certificate.revoked'; readonly revocation: Revocation }
  );

/** `block`: the one that begins, or the one that ends. */
type IdentityAnnouncement = { readonly block: IdentityBlock } & (
  | {
      readonly event: 'identity.blocked';
      /** How many certificates were revoked and how many requests cancelled with it. */
      readonly revokedCertificates: number;
      readonly cancelledRequests: number;
      /** Present where a user of the directory left. */
      readonly left?: LeftOver;
    }
  | { readonly event: 'identity.unblocked'; readonly unblockedBy: string; readonly comment: string | null }
);

/** A checkpoint of the audit log was signed. */
interface CheckpointAnnouncement {
  readonly event: 'audit.checkpoint';
  readonly checkpoint: {
    /** `kubepass/<instance id>`. */
    readonly origin: string;
    /** How many events it vouches for. */
    readonly size: number;
    /** 32 octets. */
    readonly root: Uint8Array;
    /** The signed note. */
    readonly note: string;
  };
}

/** Somebody on the host made an admin token. */
interface TokenAnnouncement {
  readonly event: 'break_glass_token.made';
  readonly token: Pick<ApiToken, 'id' | 'name' | 'expiresAt'>;
}

/** An issuer of a cluster, as it is when the change is committed. */
export interface AnnouncedIssuer {
  readonly cluster: string;
  readonly name: string;
  /** SHA-256 of its certificate, lower-case hex; null where this process does not know it. */
  readonly fingerprintSha256: string | null;
  readonly notAfter: Date | null;
}

type IssuerAnnouncement = { readonly issuer: AnnouncedIssuer } & (
  | {
      readonly event: 'issuer.activated';
      /** The issuer that signed before; null: there was none. */
      readonly previous: string | null;
      /** Whether nobody asked the API servers. */
      readonly withoutProbe: boolean;
      readonly activatedBy: string;
      readonly comment: string | null;
    }
  | ({
      readonly event: 'issuer.retired';
      readonly retiredBy: string;
      readonly comment: string | null;
    } & ServedCertificates)
  /** It ends in at most `seconds`. */
  | { readonly event: 'issuer.expiring'; readonly seconds: number }
);

/** The uses that go on although a user of the directory left. */
export interface LeftOver {
  /** The user's id in the directory. */
  readonly directoryUserId: string;
  /** Certificates that still work in some way; the first ones. */
  readonly residualExposure: readonly ResidualExposure[];
  /** Live certificates of others that this person asked for; the first ones. */
  readonly requestedForOthers: readonly Pick<ListedCertificate, 'fingerprintSha256' | 'username' | 'cluster'>[];
  /** Live API tokens that this person made; the first ones. */
  readonly tokensMade: readonly { readonly id: string; readonly name: string }[];
  readonly revokedTokens: readonly string[];
}

interface Denial {
  /** `PolicyDenied`, `NoLongerPermitted`, or `DeniedByApprover`. */
  readonly reason: string;
  /** The principal who denied it; null where policy did. */
  readonly deniedBy: string | null;
  readonly comment: string | null;
  /** Empty where a person denied it. */
  readonly violations: readonly Violation[];
}

/** `dead`: given up; only a person sends it again. */
export const webhookDeliveryStates = ['waiting', 'delivered', 'dead'] as const;
export type WebhookDeliveryState = (typeof webhookDeliveryStates)[number];

/** One event on its way to one webhook. */
export interface WebhookDelivery {
  /** The `webhook-id`: `msg_` and a UUIDv7, so ids sort by creation. The same in every attempt. */
  readonly id: string;
  /** The webhook's name in the configuration. */
  readonly webhook: string;
  readonly type: WebhookEventType;
  /** The certificate request that it tells of; null where it tells of none. */
  readonly requestId: string | null;
  /** The body as it goes out, byte for byte. */
  readonly payload: string;
  readonly state: WebhookDeliveryState;
  readonly createdAt: Date;
  /**
   * When it is due. While an attempt is under way: when another one may take its place, should the first never end.
   * Null once the delivery has ended.
   */
  readonly nextAttemptAt: Date | null;
  /** How many attempts have begun, since it was made or last sent again by a person. */
  readonly attempts: number;
  /** The process whose attempt is under way; null where there is none. */
  readonly owner: string | null;
  /** How the last failed attempt ended, in at most 500 characters; nothing of the answer's body. */
  readonly lastFailure: string | null;
  /** When it was delivered or given up. */
  readonly endedAt: Date | null;
}

/** How one attempt ended. */
export type WebhookAttemptEnd =
  | { readonly state: 'delivered' }
  | { readonly state: 'waiting'; readonly failure: string; readonly nextAttemptAt: Date }
  | { readonly state: 'dead'; readonly failure: string };

/** Selects deliveries for a list; a field that is left out selects all. */
export interface WebhookDeliveryFilter {
  readonly state?: WebhookDeliveryState;
  /** The webhook's name. */
  readonly webhook?: string;
  readonly requestId?: string;
  /** False: without those of checkpoints. */
  readonly checkpoints?: 'false';
}
