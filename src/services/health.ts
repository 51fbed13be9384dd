import type { HealthReport } from '../model/health.js';
import type { Principal } from '../model/principal.js';

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
