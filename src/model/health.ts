/** `degraded`: the service does its work, and somebody should look. `failed`: it cannot do its work now. */
export const componentStates = ['ok', 'degraded', 'failed'] as const;
export type ComponentState = (typeof componentStates)[number];

/** The parts of the service that have a state. */
export const componentNames = [
  'database',
  'recovery',
  'writer-queue',
  'clusters',
  'certificate-authorities',
  'policies',
  'deny-list',
  'checkpoints',
  'webhooks',
  'issuers',
  'tls-certificate',
] as const;
export type ComponentName = (typeof componentNames)[number];

/** One part of the service. Its figures hold no names. */
export interface Component {
  readonly name: ComponentName;
  readonly state: ComponentState;
  readonly figures: Readonly<Record<string, number>>;
}

/** A cluster as its last probe found it. */
export interface ClusterHealth {
  readonly name: string;
  readonly state: ComponentState;
  /** Null: it was not probed yet, or kubepass has no connection to it. */
  readonly reachable: boolean | null;
  readonly signs: 'yes' | 'no' | 'unknown';
  /** Null: it was never probed. */
  readonly probedAt: Date | null;
}

export interface HealthReport {
  readonly components: readonly Component[];
  /** Null where the caller may not see their names. */
  readonly clusters: readonly ClusterHealth[] | null;
}
