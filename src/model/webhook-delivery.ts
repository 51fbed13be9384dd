import type { Certificate } from './certificate.js';
import type { CertificateRequest } from './certificate-request.js';
import type { Violation } from './decision.js';

/** The events that webhooks are told of: a request waits for a person, its certificate is issued, it is denied. */
export const webhookEvents = ['pending', 'issued', 'denied'] as const;
export type WebhookEvent = (typeof webhookEvents)[number];

/** The event's type on the wire. The schema of its payload never changes. */
export const webhookEventTypes = [
  'certificate_request.pending',
  'certificate_request.issued',
  'certificate_request.denied',
] as const satisfies readonly `certificate_request.${WebhookEvent}`[];
export type WebhookEventType = (typeof webhookEventTypes)[number];

/** A change of a request that webhooks may be told of, as the request is when the change is committed. */
export type Announcement = {
  readonly at: Date;
  readonly request: CertificateRequest;
} & (
  | { readonly event: 'pending' }
  | { readonly event: 'issued'; readonly certificate: Certificate }
  | { readonly event: 'denied'; readonly denial: Denial }
);

export interface Denial {
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
}
