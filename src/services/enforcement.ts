import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

/** How clusters are made to refuse revoked certificates. */
export interface EnforcementService {
  /** Judges a request to the cluster by the extras of its user, from memory. Never throws. */
  review(
    principal: Principal,
    cluster: string,
    extra: Readonly<Record<string, readonly string[]>>,
  ): Outcome<{ readonly denied: true; readonly reason: string } | { readonly denied: false }>;
  /** YAML for `--authorization-config`. `mode` absent: that of the configuration. `directory`: see its renderer. */
  authorizationConfiguration(
    principal: Principal,
    cluster: string,
    options: { readonly mode?: 'webhook' | 'listed'; readonly directory: string },
  ): Promise<Outcome<string>>;
  /** The kubeconfig that this file names. It holds no token. */
  webhookKubeconfig(principal: Principal, cluster: string, options: { readonly directory: string }): Outcome<string>;
  /** Manifests of the admission policy. */
  revocationPolicy(principal: Principal, cluster: string): Outcome<string>;
}
