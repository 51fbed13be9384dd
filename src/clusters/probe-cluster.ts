import {
  describeAccess,
  ClusterForbiddenError,
  ClusterRefusedError,
  ClusterUnavailableError,
} from '../kubernetes/cluster-error.js';
import type { ClusterConnection } from '../kubernetes/cluster-connection.js';
import type { Certificate } from '../model/certificate.js';
import { rbacGroup, rbacResources } from '../kubernetes/role-bindings.js';
import { auditEvent, type AuditEventDetails } from '../model/audit-event.js';
import {
  missingPermissions,
  type ClusterProbe,
  type LifetimeCap,
  type ProbeOptions,
  type StoredClusterProbe,
} from '../model/cluster.js';
import type { ProbedRevocation } from '../model/revocation-enforcement.js';
import { whyNotPermitted } from '../callers/permissions.js';
import { done, refused, type Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';
import type { NeededAccess } from '../signing/signer.js';
import { encodeCertificates } from '@kubepass/x509';
import { probedCluster, within } from '../context/under-way.js';
import { chainOf, issuingCluster, type Context, type IssuingCluster } from '../context/context.js';
import { otherEncoding, probeRevocation } from '../access/probe-revocation.js';
import { issueProbeCertificate, type ProbedSigning } from './probe-request.js';
import { type ClusterView, viewCluster } from './read-clusters.js';
import { rememberProbe } from '../store/tables/cluster-tables.js';

/** The shortest lifetime that Kubernetes gives. */
const probeSeconds = 600;
/** The longest lifetime that a CertificateSigningRequest can ask for: 68 years. */
const longestSeconds = 2 ** 31 - 1;
/**
 * How many certificates the trial of a revocation may issue. In one of 65,536 trials all of them lack another encoding.
 */
const mostIssued = 16;

/**
 * Finds out what a cluster can do, by doing it, and records that. Each cluster has one probe at a time: callers who
 * come meanwhile get the answer of the probe under way, if that finds out what they ask for.
 */
export async function probeCluster(
  context: Context,
  cluster: string,
  options: ProbeOptions,
  actor: string | null,
): Promise<StoredClusterProbe> {
  const { probes, clock } = context;
  const underWay = probes.underWay(cluster);
  if (underWay !== null) {
    if (findsOut(underWay.options, options)) return underWay.ended;
    await underWay.ended.catch(() => undefined);
    return probeCluster(context, cluster, options, actor);
  }
  probes.stopping.throwIfAborted();
  const ended = runAndRecord(context, issuingCluster(context, cluster), options, actor);
  return probes.track(cluster, { startedAt: clock(), options, ended });
}

/** Whether a probe with these options finds out what is asked. */
const findsOut = (options: ProbeOptions, asked: ProbeOptions): boolean =>
  (options.measureLifetimeCap || !asked.measureLifetimeCap) &&
  (options.verifyRevocation === true || asked.verifyRevocation !== true);

/**
 * Probes a cluster for a caller, and waits for the end only as long as a caller may. A probe that takes longer goes on:
 * then `ended` is false, and afterwards the log alone tells of a failure.
 */
export async function probeForAnswer(
  context: Context,
  principal: Principal,
  cluster: string,
  options: ProbeOptions,
): Promise<Outcome<{ readonly view: ClusterView; readonly ended: boolean }>> {
  const refusal = whyNotPermitted(principal, 'probe-clusters');
  if (refusal !== null) return refusal;
  const found = context.clusters.get(cluster);
  if (found === undefined) return refused({ kind: 'not-found' });
  const probing = probeCluster(context, cluster, options, principal.name);
  const ending = probing.then(
    () => true,
    () => true,
  );
  const ended = (await within(context.probes.times.answerSeconds, ending)) !== null;
  if (ended) await probing;
  else probing.catch((error: unknown) => logFailure(context, cluster, error));
  return done({ view: viewCluster(context, principal, found), ended });
}

async function runAndRecord(
  context: Context,
  issuing: IssuingCluster,
  options: ProbeOptions,
  actor: string | null,
): Promise<StoredClusterProbe> {
  const ran = await run(context, issuing, options, actor);
  // A proof holds until another one is made, for the mode that it is of.
  const earlier = context.probes.last(issuing.cluster.name)?.result.revocation ?? null;
  const isKept = ran.revocation === null && earlier?.mode === issuing.cluster.revocation.mode;
  const found = isKept ? { ...ran, revocation: earlier } : ran;
  const result = { probed: probedCluster(issuing.cluster), ...found };
  const cluster = issuing.cluster.name;
  const probe = { cluster, probedAt: context.clock(), result };
  await context.store.writer.commit({
    operations: [rememberProbe(probe)],
    events: [
      auditEvent('ClusterProbed', probe.probedAt, actor, probeDetails(result), { cluster }),
      ...(ran.revocation === null
        ? []
        : [auditEvent('RevocationEnforced', probe.probedAt, actor, revocationDetails(ran.revocation), { cluster })]),
    ],
  });
  context.probes.remember(probe);
  return probe;
}

/** The summary of a probe for the audit log. */
function probeDetails(probe: ClusterProbe): AuditEventDetails['ClusterProbed'] {
  const { reachable, version, signs, reason, accepts, requestId } = probe;
  const found = { reachable, version, missingPermissions: missingPermissions(probe), signs, reason, accepts };
  return { probe: true, ...found, probeRequestId: requestId };
}

const revocationDetails = ({ mode, verified, delaySeconds, reason }: ProbedRevocation) => ({
  mode,
  verified,
  delaySeconds,
  reason,
});

/** The findings about a cluster, without saying which one it is. */
type Found = Omit<ClusterProbe, 'probed'>;

/** The findings before anything is asked. */
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
  revocation: null,
};

async function run(
  context: Context,
  issuing: IssuingCluster,
  { measureLifetimeCap, verifyRevocation = false }: ProbeOptions,
  actor: string | null,
): Promise<Found> {
  const { connection, signer, cluster } = issuing;
  const needed = [...signer.requiredAccess, ...(cluster.readsRoleBindings ? roleBindingAccess : [])];
  const reached = connection === null ? nothingKnown : await reach(connection, needed);
  if (reached.reason !== null && signer.needsCluster) return reached;

  const signing = await issueForTrial(context, issuing, verifyRevocation, actor);
  const signed = { ...reached, requestId: signing.requestId, ...judge(signing) };
  if (signing.end.kind !== 'issued') return signed;
  const acceptedAs = await acceptance(context, connection, signing.end.certificate, signing.privateKeyPem);
  const accepted = { ...signed, ...whyBindingsAreUnknown(reached), ...acceptedAs };
  const { certificate } = signing.end;
  const revocation = verifyRevocation
    ? await probeRevocation(context, connection, cluster.revocation, certificate, signing.privateKeyPem, actor)
    : null;
  const lifetimeCap = measureLifetimeCap ? await measureCap(context, issuing, actor) : null;
  return { ...accepted, revocation, lifetimeCap };
}

/**
 * Issues the certificate of a probe. The trial of a revocation needs a certificate that has another encoding. So it
 * issues up to `mostIssued` certificates until one has another encoding: about two for a CA with RSA or Ed25519.
 */
async function issueForTrial(
  context: Context,
  issuing: IssuingCluster,
  verifyRevocation: boolean,
  actor: string | null,
): Promise<ProbedSigning> {
  const needsOther = verifyRevocation && issuing.cluster.revocation.mode !== 'none' && issuing.connection !== null;
  for (let tries = 1; ; tries += 1) {
    const signing = await issueProbeCertificate(context, issuing, probeSeconds, actor);
    const isDone = signing.end.kind !== 'issued' || otherEncoding(signing.end.certificate.der) !== null;
    if (!needsOther || isDone || tries === mostIssued) return signing;
  }
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

/** The cluster signs without these rights, but policies cannot learn what an identity could do there. */
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
 * Only a signer that ignores an approved request is known not to sign. Other failures show themselves each time
 * without a long wait, so they need not be remembered.
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
  context: Context,
  connection: ClusterConnection | null,
  certificate: Certificate,
  privateKeyPem: string,
): Promise<Partial<Found>> {
  if (connection === null) return {};
  try {
    const shown = encodeCertificates([certificate, ...chainOf(context, certificate)]);
    const identity = await connection.reviewSelf(shown, privateKeyPem);
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
  context: Context,
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

const believedHours = 24;

/** Probes the clusters with their own signer that were not probed for a day. Never rejects. */
export async function probeStaleClusters(context: Context): Promise<void> {
  const stale = [...context.clusters].filter(([name, { signer }]) => signer.needsCluster && !isFresh(context, name));
  await Promise.all(stale.map(([name]) => probeAlone(context, name)));
}

async function probeAlone(context: Context, cluster: string): Promise<void> {
  try {
    const { mode } = issuingCluster(context, cluster).cluster.revocation;
    const options = { measureLifetimeCap: false, verifyRevocation: mode !== 'none' };
    const { result } = await probeCluster(context, cluster, options, null);
    const { signs, accepts, reason, message } = result;
    context.log.info({ cluster, signs, accepts, reason, why: message }, 'a cluster was probed');
  } catch (error) {
    logFailure(context, cluster, error);
  }
}

/** Nothing is wrong where the process ends. */
function logFailure({ probes, log }: Context, cluster: string, error: unknown): void {
  if (!probes.stopping.aborted) log.error({ err: error, cluster }, 'a cluster could not be probed');
}

function isFresh({ probes, clock }: Context, cluster: string): boolean {
  const last = probes.last(cluster);
  return last !== null && clock().getTime() - last.probedAt.getTime() < believedHours * 3_600_000;
}

/** Advice for the operator, by the reason why a probe did not go well. */
const advice: Readonly<Record<string, string>> = {
  ClusterUnreachable: 'see that the API server runs and can be reached from here, and that the kubeconfig is right',
  CredentialsNotAccepted: 'renew the credentials in the kubeconfig or the service account token',
  PermissionsMissing: 'grant it what deploy/kubernetes has',
  ForbiddenInCluster: 'grant it what deploy/kubernetes has',
  RoleBindingsNotReadable:
    'grant it what deploy/kubernetes/components/read-role-bindings has, or take readRoleBindings out of its configuration',
  RefusedByCluster: 'look at the admission plugins and webhooks of the cluster',
  DeniedInCluster: 'find out what denies CertificateSigningRequests in the cluster',
  ApprovedButNotSigned:
    'give kube-controller-manager its --cluster-signing-cert-file and --cluster-signing-key-file and probe again; ' +
    'where the provider does not allow that, have kubepass sign with a CA that the cluster trusts (localCA); Amazon EKS takes neither',
  CertificateSigningRequestGone: 'find out what deletes CertificateSigningRequests in the cluster',
  CertificateSigningRequestMismatch: 'find out what makes or changes CertificateSigningRequests in the cluster',
  IssuedCertificateMismatch:
    'see that clientCertificateAuthority is the CA that the cluster signs user certificates with',
  CertificateNotAccepted: 'see that the API server’s --client-ca-file holds the CA that signs user certificates',
  CertificateAuthorityNotValid: 'renew the certificate of the local CA',
  SignerUnavailable: 'probe again when the cluster can be reached',
  Undetermined: 'probe again when the cluster can be reached',
};

const adviceOn = (reason: string): string =>
  advice[reason] ?? 'the audit log has the whole story under the probe’s request';
