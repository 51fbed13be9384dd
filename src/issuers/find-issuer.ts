import type { IssuanceContext, IssuingCluster } from '../context/context.js';
import type { RecordedIssuer } from '../model/issuer.js';
import { done, refused, type Outcome, type Refused } from '../model/outcome.js';
import type { ClusterIssuers, LoadedIssuer } from '../signing/cluster-issuers.js';

/** An issuer of a cluster whose CA keys kubepass uses. */
export interface FoundIssuer {
  readonly issuing: IssuingCluster;
  readonly issuers: ClusterIssuers;
  readonly recorded: RecordedIssuer;
  /** Null where the configuration does not have it any more. */
  readonly loaded: LoadedIssuer | null;
}

/** Finds an issuer in the state that it has now: another replica may have changed it. */
export async function findIssuer(
  context: IssuanceContext,
  cluster: string,
  name: string,
): Promise<Outcome<FoundIssuer>> {
  const issuing = context.clusters.get(cluster);
  const issuers = issuing?.issuers ?? null;
  if (issuing === undefined || issuers === null) return refused({ kind: 'not-found' });
  await issuers.refresh();
  const recorded = issuers.recorded().get(name);
  if (recorded === undefined) return refused({ kind: 'not-found' });
  return done({ issuing, issuers, recorded, loaded: issuers.loaded(name) });
}

/** The state, or the certificate, of the issuer does not allow this. */
export const issuerConflict = (message: string): Refused =>
  refused({ kind: 'certificate-conflict', message, requestId: null });

/** For sentences. */
export const quoted = ({ name }: Pick<RecordedIssuer, 'name'>): string => `issuer ${JSON.stringify(name)}`;
