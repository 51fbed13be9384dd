import type { KeyFailure } from './issuer.js';

/** The ports by which the rooms tell what is measured. None of their arguments is text that a caller chose. */

/** Told of every answer. */
export interface RequestMeasures {
  /** A route that may be called: `path` is its template, such as `/v1/certificates/:fingerprintSha256`. */
  route(method: string, path: string): void;
  /** `path`: the template of the route; null where no route has this path and method. */
  answered(method: string, path: string | null, status: number, seconds: number): void;
}

/** The parts of an issuance that are timed one by one; `intent` and `outcome` are its two commits. */
export const issuancePhases = ['decide', 'intent', 'sign', 'check', 'outcome'] as const;
export type IssuancePhase = (typeof issuancePhases)[number];

/** Told of the parts of each issuance. */
export interface IssuanceMeasures {
  /** Does the work and tells how long that took, however it ended. */
  during<T>(phase: IssuancePhase, cluster: string, work: () => Promise<T>): Promise<T>;
}

/** Told of what the keys of CAs do. `issuer`: its name in the configuration. */
export interface KeyMeasures {
  /** A key signed, which took so long. */
  signed(cluster: string, issuer: string, seconds: number): void;
  /** A key gave no signature that counts. */
  failed(cluster: string, issuer: string, failure: KeyFailure): void;
}

export const keysUnmeasured: KeyMeasures = { signed: () => undefined, failed: () => undefined };

/** Told of the access reviews that API servers ask for. */
export interface ReviewMeasures {
  /** Judges, and tells the answer and how long it took. */
  during<V extends { readonly denied: boolean }>(cluster: string, judge: () => Promise<V>): Promise<V>;
}

/** Told of what the store does. */
export interface StoreMeasures {
  /** A batch of steps was committed, or its commit failed. The steps before it are not in this time. */
  committed(steps: number, seconds: number): void;
  /** The thread that writes to SQLite was busy for so long. */
  wrote(seconds: number): void;
}

export const storeUnmeasured: StoreMeasures = { committed: () => undefined, wrote: () => undefined };

/** The steps that wait for the writer, and how many may. */
export interface StoreQueue {
  readonly waiting: number;
  readonly limit: number;
}

/** Told of each call to the API server of a cluster that has ended; a watch ends when it has begun. */
export type ClusterCallMeasure = (end: ClusterCallEnd, seconds: number) => void;

/** `answered`: with any status below 500. `failed`: with another one. `unreachable`: not at all. */
export const clusterCallEnds = ['answered', 'failed', 'unreachable'] as const;
type ClusterCallEnd = (typeof clusterCallEnds)[number];

/** The files that are read again while the service runs, by whose they are. */
export const refusedFileKinds = ['policies', 'tls', 'callers', 'webhooks', 'issuers'] as const;
export type RefusedFileKind = (typeof refusedFileKinds)[number];

/** Told of faults that go on until somebody mends their cause. */
export interface StandingFaults {
  readonly areFilesRefused: (kind: RefusedFileKind) => boolean;
  readonly isRetentionFailing: () => boolean;
}

/** The figures as text in the Prometheus exposition format. */
export interface MetricsText {
  readonly contentType: string;
  readonly text: string;
}
