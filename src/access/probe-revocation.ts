import { setTimeout as sleep } from 'node:timers/promises';
import { mostListed } from '../kubernetes/revocation-enforcement-files.js';
import type { CertificateHolder, ClusterConnection } from '../kubernetes/cluster-connection.js';
import { der, encodeCertificates, messageOf, readCertificate, sequence, Tag } from '@kubepass/x509';
import type { Certificate } from '../model/certificate.js';
import { probeUsername } from '../model/cluster.js';
import type { ProbedRevocation, RevocationSettings } from '../model/revocation-enforcement.js';
import { chainOf, type Context } from '../context/context.js';
import { revocationStep } from './revoke-certificate.js';

const pauseMilliseconds = 100;

/** The beginning of every refusal for a revocation, by us and by the admission policy. */
const refusal = 'this client certificate was revoked';

/**
 * Proves that the cluster refuses revoked certificates: uses a probe's certificate, revokes it, and uses it until it is
 * refused, for as long as `ProbeTimes` say. The cluster must also refuse the certificate in another encoding, because
 * its holder can make such encodings. The revocation is recorded like any other one. Throws if the process ends
 * meanwhile.
 */
export async function probeRevocation(
  context: Context,
  connection: ClusterConnection | null,
  { mode, configMap }: RevocationSettings,
  certificate: Certificate,
  privateKeyPem: string,
  actor: string | null,
): Promise<ProbedRevocation> {
  const answer = (found: Pick<ProbedRevocation, 'verified' | 'delaySeconds' | 'reason' | 'message'>) => ({
    mode,
    checkedAt: context.clock().toISOString(),
    ...found,
  });
  const unproven = (reason: string, message: string) =>
    answer({ verified: false, delaySeconds: null, reason, message });
  if (mode === 'none') return unproven('NotConfigured', 'this cluster is not made to refuse revoked certificates');
  if (connection === null) return unproven('ClusterNotConnected', 'kubepass has no connection to the cluster');

  // The probe must not take the place of a person's certificate.
  if (mode === 'listed' && (await context.listedNames.of(certificate.cluster)).size >= mostListed)
    return unproven('ListFull', `the file of mode listed holds ${mostListed} usernames already`);

  const other = otherEncoding(certificate.der);
  if (other === null)
    return unproven('NoOtherEncoding', 'kubepass got no certificate that has another encoding to try');
  const holderWith = (octets: Uint8Array) =>
    connection.actAs(encodeCertificates([{ der: octets }, ...chainOf(context, certificate)]), privateKeyPem);
  const [holder, otherwise] = [holderWith(certificate.der), holderWith(other)];
  const use = async (holder: CertificateHolder): Promise<string | null> => {
    try {
      // Admission sees writes alone, and not those of the API groups for authentication and authorization.
      if (mode === 'admission') await holder.tryToUpdate(configMap.namespace, probeUsername);
      else await mustBeKnown(holder);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  };
  try {
    const before = await use(holder);
    if (before !== null) return unproven('NotUsableBefore', `the certificate did not work before either: ${before}`);
    await revoke(context, certificate, actor);
    const { stopping, times } = context.probes;
    const begin = performance.now();
    let last: string | null = null;
    let isRefused = false;
    while (performance.now() - begin < times.patienceMilliseconds) {
      const tried = performance.now();
      last = await use(holder);
      isRefused = isRevoked(last);
      if (isRefused) last = await use(otherwise);
      if (isRevoked(last)) {
        // Refused at its first use: it worked for no time at all.
        const delaySeconds = tried - begin < pauseMilliseconds ? 0 : Math.round((tried - begin) / 100) / 10;
        return answer({ verified: true, delaySeconds, reason: null, message: null });
      }
      // It does not keep a process alive that ends.
      await sleep(pauseMilliseconds, undefined, { ref: false, signal: stopping });
    }
    const seconds = times.patienceMilliseconds / 1000;
    if (last !== null)
      return unproven('RefusedOtherwise', `the certificate was refused, but not because it was revoked: ${last}`);
    return isRefused
      ? unproven(
          'OtherEncodingAccepted',
          `${seconds} s after it was revoked the certificate worked in another encoding`,
        )
      : unproven('StillAccepted', `the certificate worked for ${seconds} s after it was revoked`);
  } finally {
    await Promise.all([holder.close(), otherwise.close()]);
  }
}

const isRevoked = (why: string | null): boolean => why?.includes(refusal) === true;

async function mustBeKnown(holder: CertificateHolder): Promise<void> {
  if ((await holder.whoAmI()) === null) throw new Error('the API server does not accept the certificate');
}

async function revoke(context: Context, certificate: Certificate, actor: string | null): Promise<void> {
  const revokedAt = context.clock();
  const revocation = { reason: 'cessationOfOperation', comment: null, revokedAt, revokedBy: actor } as const;
  await context.store.writer.commit(revocationStep(context, [certificate], revocation));
}

/**
 * The same certificate in another encoding. Go accepts this encoding, so an API server accepts it too, with another
 * credential id. The signature stands one bit further to the left, and has an unused bit at its end. Null if the first
 * bit of the signature is not zero: a signature of ECDSA begins with two zero bits, and about half of the signatures of
 * RSA and Ed25519 begin with a zero bit.
 *
 * OpenSSL sends no other encoding that exists for every kind of CA, because it refuses octets behind the signature.
 */
export function otherEncoding(certificate: Uint8Array): Buffer | null {
  const { tbsCertificate, signatureAlgorithm, signature } = readCertificate(certificate);
  if ((signature[0] ?? 0xff) >= 0x80) return null;
  const shifted = signature.map((octet, i) => (octet << 1) | ((signature[i + 1] ?? 0) >> 7));
  return sequence(tbsCertificate, signatureAlgorithm.identifier, der(Tag.BIT_STRING, Buffer.of(1), shifted));
}
