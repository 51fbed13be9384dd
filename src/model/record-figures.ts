import type { WebhookDeliveryState } from './webhook-delivery.js';

/** How long before their end certificates are counted, besides the last tenth of their lifetime. */
export const endingWithinDays = [1, 7, 30] as const;

/** Certificates that are unexpired and not revoked, counted at one instant. */
export interface CertificateFigures {
  readonly live: number;
  /** How many end within 1, 7 and 30 days, as in `endingWithinDays`. */
  readonly endingWithin: readonly number[];
  /** How many have less than a tenth of their lifetime left. */
  readonly inLastTenth: number;
}

/** Certificates that nobody has renewed, and those that are renewed already. */
export interface CertificateCount {
  readonly notRenewed: CertificateFigures;
  readonly renewed: CertificateFigures;
}

/** The states in which requests wait for something. */
export const openRequestStates = ['pending', 'approved', 'issuing'] as const;
type OpenRequestState = (typeof openRequestStates)[number];

/** Counts stop here: 100,000 means 100,000 or more. */
export const mostCounted = 100_000;

/** Figures of records that few statements find. */
export interface RecordFigures {
  readonly requests: Readonly<Record<OpenRequestState, number>>;
  readonly deliveries: Readonly<Record<WebhookDeliveryState, number>>;
  /** When the delivery was made that waits longest; null: none waits. */
  readonly oldestWaiting: Date | null;
  readonly sessions: number;
  /** The length of the audit chain. */
  readonly auditEvents: number;
  /** The last checkpoint; null: there is none. */
  readonly checkpoint: { readonly size: number; readonly signedAt: Date } | null;
}
