import { encodeCertificates } from '@kubepass/x509';
import { issueProbeCertificate, type ProbedSigning } from '../probe-request.js';
import type { Context } from '../../context/context.js';
import { hostOf, type ServerAddress, type ShownCertificate } from '../../kubernetes/show-certificate.js';
import { auditEvent } from '../../model/audit-event.js';
import type { Certificate } from '../../model/certificate.js';
import { probeUsername } from '../../model/cluster.js';
import { SignerUnavailableError } from '../../model/errors.js';
import type { IssuerProbe, ProbedAddress } from '../../model/issuer.js';
import { done, type Outcome, type Refused } from '../../model/outcome.js';
import type { Principal } from '../../model/principal.js';
import type { CertifiedIssuer } from '../../signing/cluster-issuers.js';
import type { Signer } from '../../signing/signer.js';
import { changeIssuer } from './change-issuer.js';
import { type FoundIssuer, issuerConflict, quoted } from './find-issuer.js';
import type { IssuerView } from './issuer-view.js';
import { rememberIssuerProbe } from '../../store/tables/cluster-issuer-table.js';

/** The shortest lifetime that Kubernetes gives. */
const probeSeconds = 600;

/** The states in which an issuer may be probed: one that is retired shows that nobody accepts it any more. */
const probed = ['next', 'active', 'retiring', 'retired'] as const;

/** The parts that reach out of the process. */
export interface ProbePorts {
  /** A signer with this issuer alone. */
  readonly signerOf: (issuer: CertifiedIssuer) => Signer;
  readonly show: (server: ServerAddress, shown: ShownCertificate) => Promise<ProbedAddress>;
}

/** The context of a probe of an issuer. */
export interface ProbingContext extends Context {
  readonly probePorts: ProbePorts;
}

/**
 * Has the issuer sign a certificate for `kubepass-probe`, in the way of every request, and shows it with its chain to
 * each of the cluster's API servers, all at once. Records the answers. The key of the certificate lives as long as the
 * probe. Throws `SignerUnavailableError` where the key signs nothing now.
 */
export const probeIssuer = (
  context: ProbingContext,
  principal: Principal,
  cluster: string,
  name: string,
): Promise<Outcome<IssuerView>> =>
  changeIssuer(context, principal, cluster, name, async (found) => {
    const { recorded, loaded } = found;
    if (!loaded?.certified) return issuerConflict(`${quoted(recorded)} has no certificate here to sign with`);
    const { certified } = loaded;
    return whyNotUsable(certified, context.clock()) ?? probeFound(context, found, certified, principal.name);
  });

/** Why nothing can be signed with its certificate now; null: it can. */
export function whyNotUsable(issuer: CertifiedIssuer, now: Date): Refused | null {
  const { notBefore, notAfter } = issuer;
  if (now < notBefore) return issuerConflict(`${quoted(issuer)} is valid from ${notBefore.toISOString()} on`);
  if (now >= notAfter) return issuerConflict(`${quoted(issuer)} ended at ${notAfter.toISOString()}`);
  return null;
}

/** As `probeIssuer`, for whoever has found the issuer and has the turn. */
export async function probeFound(
  context: ProbingContext,
  found: FoundIssuer,
  certified: CertifiedIssuer,
  actor: string,
): Promise<Outcome<IssuerProbe>> {
  const { signerOf, show } = context.probePorts;
  context.probes.stopping.throwIfAborted();
  const { issuing, recorded } = found;
  const signing = await issueProbeCertificate(context, issuing, probeSeconds, actor, signerOf(certified), probed);
  if (signing.end.kind !== 'issued') return whyNotSigned(found, signing.end);
  const shown = shownOf(certified, signing.end.certificate, signing.privateKeyPem);
  const addresses = await Promise.all(addressesOf(issuing.cluster).map((server) => show(server, shown)));
  const probe = { at: context.clock(), addresses };
  const { cluster, name } = recorded;
  await context.store.writer.commit({
    operations: [rememberIssuerProbe({ cluster, name, probe })],
    events: [
      auditEvent(
        'IssuerProbed',
        probe.at,
        actor,
        {
          probe: true,
          issuer: name,
          fingerprintSha256: certified.authority.fingerprintSha256,
          addresses: addresses.map(({ address, accepts, reason }) => ({ address, accepts, reason })),
          probeRequestId: signing.requestId,
        },
        { cluster },
      ),
    ],
  });
  return done(probe);
}

/** The addresses of the API servers, whose certificates may also name the host of `server`. */
function addressesOf(cluster: FoundIssuer['issuing']['cluster']): readonly ServerAddress[] {
  const { server, tlsServerName, servingCertificateAuthority, apiServers } = cluster;
  const otherNames = [hostOf(server), ...(tlsServerName === null ? [] : [tlsServerName])];
  return apiServers.map((address) => ({
    address,
    servingCertificateAuthority,
    otherNames,
    serverName: address === server ? tlsServerName : null,
  }));
}

const shownOf = ({ chain }: CertifiedIssuer, certificate: Certificate, privateKeyPem: string): ShownCertificate => ({
  certificatePem: encodeCertificates([certificate, ...chain]),
  privateKeyPem,
  fingerprintSha256: certificate.fingerprintSha256,
  username: probeUsername,
});

function whyNotSigned({ recorded }: FoundIssuer, end: Exclude<ProbedSigning['end'], { kind: 'issued' }>): Refused {
  if (end.kind === 'failed')
    return issuerConflict(`${quoted(recorded)} signed no certificate for a probe: ${end.failure.message}`);
  throw new SignerUnavailableError(`${quoted(recorded)} signed no certificate for a probe: ${end.reason}`);
}
