import { describeAccess } from '../../cluster/access.js';
import { rbacGroup, rbacResources } from '../../cluster/role-bindings.js';
import type { ClusterConnection } from '../../cluster/cluster-connection.js';
import { ClusterForbiddenError, ClusterRefusedError, ClusterUnavailableError } from '../../cluster/csr-object.js';
import { auditEvent, type AuditEventDetails } from '../../model/audit-event.js';
import type { Certificate } from '../../model/certificate.js';
import {
  missingPermissions,
  type ClusterProbe,
  type LifetimeCap,
  type StoredClusterProbe,
} from '../../model/cluster-probe.js';
import type { NeededAccess } from '../../signer/signer.js';
import { encodePem } from '../../x509/strict/pem.js';
import { probedCluster } from './cluster-probes.js';
import { issuingCluster, type IssuanceContext, type IssuingCluster } from '../context.js';
import { adviceOn } from './probe-advice.js';
import { issueProbeCertificate, type ProbedSigning } from './probe-request.js';

export interface ProbeOptions {
  /** Whether to ask for a very long lifetime too, and see how much of it is given. */
  readonly measureLifetimeCap: boolean;
}

/** The least that Kubernetes gives, and as much as is needed. */
const probeSeconds = 600;
/** As much as a CertificateSigningRequest can ask for: 68 years. */
const longestSeconds = 2 ** 31 - 1;

/**
 * Finds out what a cluster is able to do, by doing it, and puts that on record. One probe at a time per cluster:
 * whoever asks meanwhile gets the answer of the one that is under way, if it finds out what they asked for.
 */
export async function probeCluster(
  context: IssuanceContext,
  cluster: string,
  options: ProbeOptions,
  actor: string | null,
): Promise<StoredClusterProbe> {
  const underWay = context.probes.underWay(cluster);
  if (underWay) {
    if (!options.measureLifetimeCap) return underWay;
    await underWay.catch(() => undefined);
    return probeCluster(context, cluster, options, actor);
  }
  return context.probes.track(cluster, runAndRecord(context, issuingCluster(context, cluster), options, actor));
}

async function runAndRecord(
  context: IssuanceContext,
  issuing: IssuingCluster,
  options: ProbeOptions,
  actor: string | null,
): Promise<StoredClusterProbe> {
  const found = await run(context, issuing, options, actor);
  const result = { probed: probedCluster(issuing.cluster), ...found };
  const cluster = issuing.cluster.name;
  const probe = { cluster, probedAt: context.clock(), result };
  await context.store.writer.commit({
    operations: [{ op: 'rememberProbe', probe }],
    events: [auditEvent('ClusterProbed', probe.probedAt, actor, probeDetails(result), { cluster })],
  });
  context.probes.remember(probe);
  return probe;
}

/** The summary of a probe for the audit log. */
function probeDetails(probe: ClusterProbe): AuditEventDetails['ClusterProbed'] {
  return {
    probe: true,
    reachable: probe.reachable,
    version: probe.version,
    missingPermissions: missingPermissions(probe),
    signs: probe.signs,
    reason: probe.reason,
    accepts: probe.accepts,
    probeRequestId: probe.requestId,
  };
}

/** What is found out, of whatever cluster. */
type Found = Omit<ClusterProbe, 'probed'>;

/** What is known before anything is asked for. */
const nothingKnown: Found = {
  reachable: null,
  version: null,
  username: null,
  permissions: [],
  signs: 'unknown',
  reason: null,
  message: null,
  advice: null,
  accepts: 'unknown',
  acceptedAs: null,
  requestId: null,
  lifetimeCap: null,
};

async function run(
  context: IssuanceContext,
  issuing: IssuingCluster,
  { measureLifetimeCap }: ProbeOptions,
  actor: string | null,
): Promise<Found> {
  const { connection, signer, cluster } = issuing;
  const needed = [...signer.requiredAccess, ...(cluster.readsRoleBindings ? roleBindingAccess : [])];
  const reached = connection === null ? nothingKnown : await reach(connection, needed);
  if (reached.reason !== null && signer.needsCluster) return reached;

  const signing = await issueProbeCertificate(context, issuing, probeSeconds, actor);
  const signed = { ...reached, requestId: signing.requestId, ...judge(signing) };
  if (signing.end.kind !== 'issued') return signed;
  const acceptedAs = await acceptance(connection, signing.end.certificate, signing.privateKeyPem);
  const accepted = { ...signed, ...whyBindingsAreUnknown(reached), ...acceptedAs };
  if (!measureLifetimeCap) return accepted;
  return { ...accepted, lifetimeCap: await measureCap(context, issuing, actor) };
}

/** The access rights that reading the role bindings of a cluster takes besides. */
export const roleBindingAccess: readonly NeededAccess[] = rbacResources.flatMap((resource) =>
  (['list', 'watch'] as const).map((verb) => ({
    access: { verb, group: rbacGroup, resource },
    purpose: 'knowing what an identity could do before it is approved, since readRoleBindings is on',
    required: false,
  })),
);

/** Asks the API server for its version, our username and our access rights. */
async function reach(connection: ClusterConnection, needed: readonly NeededAccess[]): Promise<Found> {
  let found: Found = { ...nothingKnown, reachable: false };
  try {
    found = { ...found, version: await connection.version(), reachable: true };
    found = { ...found, username: (await connection.whoAmI()).username };
    const reviews = await connection.accessReviews(needed.map(({ access }) => access));
    const permissions = needed.map(({ access, purpose, required }, i) => ({
      permission: describeAccess(access),
      purpose,
      required,
      held: reviews[i]?.allowed === true,
    }));
    found = { ...found, permissions };
  } catch (error) {
    return { ...found, ...whyNotReached(error) };
  }
  const missing = missingPermissions(found);
  if (missing.length === 0) return found;
  return { ...found, ...because('PermissionsMissing', `kubepass may not ${missing.join(', ')} in the cluster`) };
}

function whyNotReached(error: unknown) {
  if (error instanceof ClusterUnavailableError)
    return because('ClusterUnreachable', `the API server cannot be asked: ${error.message}`);
  if (error instanceof ClusterForbiddenError)
    return error.status === 401
      ? because('CredentialsNotAccepted', error.message)
      : because('PermissionsMissing', `kubepass may not ${error.missing} in the cluster`);
  if (error instanceof ClusterRefusedError) return because('RefusedByCluster', error.message);
  throw error;
}

/** It signs all the same; what is missing is what policy may want to know first. */
function whyBindingsAreUnknown({ permissions }: Found): Partial<Found> {
  const wanted = roleBindingAccess.map(({ access }) => describeAccess(access));
  const missing = permissions.filter(({ permission, held }) => !held && wanted.includes(permission));
  if (missing.length === 0) return {};
  const verbs = missing.map(({ permission }) => permission).join(', ');
  return because(
    'RoleBindingsNotReadable',
    `kubepass may not ${verbs} in the cluster: what an identity could do there is not known`,
  );
}

const because = (reason: string, message: string) => ({ reason, message, advice: adviceOn(reason) });

/**
 * Only a signer that leaves an approved request lying is known not to sign. Whatever else goes wrong says so itself
 * each time, without anybody having to wait for it.
 */
function judge({ end }: ProbedSigning): Pick<ClusterProbe, 'signs' | 'reason' | 'message' | 'advice'> {
  switch (end.kind) {
    case 'issued':
      return { signs: 'yes', reason: null, message: null, advice: null };
    case 'failed': {
      const { reason, message } = end.failure;
      return { signs: reason === 'ApprovedButNotSigned' ? 'no' : 'unknown', ...because(reason, message) };
    }
    case 'abandoned':
      return { signs: 'unknown', ...because(end.reason, 'the probe could not be carried through') };
    case 'undetermined':
      return { signs: 'unknown', ...because('Undetermined', end.reason) };
  }
}

/** Calls the API server with the certificate that was signed. */
async function acceptance(
  connection: ClusterConnection | null,
  certificate: Certificate,
  privateKeyPem: string,
): Promise<Partial<Found>> {
  if (connection === null) return {};
  try {
    const identity = await connection.reviewSelf(encodePem('CERTIFICATE', certificate.der), privateKeyPem);
    if (identity?.username === certificate.username) return { accepts: 'yes', acceptedAs: identity.username };
    const message =
      identity === null
        ? 'the API server does not accept the certificate that was signed'
        : `the API server takes the holder of the certificate for ${JSON.stringify(identity.username)}`;
    return { accepts: 'no', acceptedAs: identity?.username ?? null, ...because('CertificateNotAccepted', message) };
  } catch (error) {
    return { accepts: 'unknown', ...whyNotReached(error) };
  }
}

async function measureCap(
  context: IssuanceContext,
  issuing: IssuingCluster,
  actor: string | null,
): Promise<LifetimeCap | null> {
  const { end } = await issueProbeCertificate(context, issuing, longestSeconds, actor);
  if (end.kind !== 'issued') return null;
  const { notBefore, notAfter } = end.certificate;
  const givenSeconds = Math.round((notAfter.getTime() - notBefore.getTime()) / 1000);
  // A day for backdating, and for how the lifetime is counted from there.
  return { requestedSeconds: longestSeconds, givenSeconds, capped: givenSeconds < longestSeconds - 86_400 };
}
