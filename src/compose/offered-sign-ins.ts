import type { CallersConfig } from '../config/callers-config.js';
import type { OfferedSignIns } from '../model/offered-sign-ins.js';

/** The ways in of the configuration that programs find by themselves: an issuer is among them if it has a `cli`. */
export function offeredSignIns({ oidc, serviceAccounts }: CallersConfig): OfferedSignIns {
  return {
    oidc: oidc.flatMap(({ name, issuer, scopes, audiences, cli }) =>
      cli === null ? [] : [{ name, issuer, clientId: cli.clientId, scopes, audiences }],
    ),
    serviceAccounts: serviceAccounts.map(({ cluster, audience }) => ({ cluster, audience })),
  };
}
