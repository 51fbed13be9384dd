import type { Principal } from './principal.js';

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

export interface HealthService {
  /** Throws where the service cannot do its work. */
  ready(): Promise<void>;
  /** Whether the database was put back from a backup and no admin has acknowledged it, and sentences about that. */
  restored(): Promise<{ readonly restored: boolean; readonly notes: readonly string[] }>;
  /** Sentences about what an operator should know although the service does its work. */
  notes(): readonly string[];
  /** The state of each component. Names of clusters are for those who may read them; null: nobody is known to ask. */
  report(viewer: Principal | null): Promise<HealthReport>;
}

interface HealthReport {
  readonly components: readonly Component[];
  /** Null where the caller may not see their names. */
  readonly clusters: readonly ClusterHealth[] | null;
}
