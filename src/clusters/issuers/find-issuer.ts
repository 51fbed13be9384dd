import type { Context, IssuingCluster } from '../../context/context.js';
import type { RecordedIssuer } from '../../model/issuer.js';
import { done, refused, type Outcome, type Refused } from '../../model/outcome.js';
import type { ClusterIssuers, LoadedIssuer } from '../../signing/cluster-issuers.js';

/** An issuer of a cluster whose CA keys kubepass uses. */
export interface FoundIssuer {
  readonly issuing: IssuingCluster;
  readonly issuers: ClusterIssuers;
  readonly recorded: RecordedIssuer;
  /** Null where the configuration does not have it any more. */
  readonly loaded: LoadedIssuer | null;
}

/** Finds an issuer in the state that it has now: another replica may have changed it. */
export async function findIssuer(context: Context, cluster: string, name: string): Promise<Outcome<FoundIssuer>> {
  const found = await lookUpIssuer(context, cluster, name);
  if (!found.ok) return found;
  const { recorded, ...others } = found.value;
  if (recorded !== null) return done({ ...others, recorded });
  return issuerConflict(`issuer ${JSON.stringify(name)} is uncertified, and its agent has not told its key yet`);
}

/** As `findIssuer`. It is not recorded while nobody knows its key: an agent that is to find it has not answered. */
export async function lookUpIssuer(
  context: Context,
  cluster: string,
  name: string,
): Promise<Outcome<Omit<FoundIssuer, 'recorded'> & { readonly recorded: RecordedIssuer | null }>> {
  const issuing = context.clusters.get(cluster);
  const issuers = issuing?.issuers ?? null;
  if (issuing === undefined || issuers === null) return refused({ kind: 'not-found' });
  await issuers.refresh();
  const recorded = issuers.recorded().get(name) ?? null;
  const loaded = issuers.loaded(name);
  return recorded === null && loaded === null
    ? refused({ kind: 'not-found' })
    : done({ issuing, issuers, recorded, loaded });
}

/** The state, or the certificate, of the issuer does not allow this. */
export const issuerConflict = (message: string): Refused =>
  refused({ kind: 'certificate-conflict', message, requestId: null });

/** For sentences. */
export const quoted = ({ name }: Pick<RecordedIssuer, 'name'>): string => `issuer ${JSON.stringify(name)}`;
