import type { MetricsText } from '../model/measures.js';
import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

export interface MetricsService {
  /** For auditors and admins. */
  read(principal: Principal): Promise<Outcome<MetricsText>>;
}
