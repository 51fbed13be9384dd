import type { CheckedIssuance } from '../../src/requests/issuance/check-issued-certificate.js';
import type { SignedCertificate, Signer } from '../../src/signing/signer.js';
import { sealCertificate } from '@kubepass/x509';

/** A signer like another one, except for some members. */
export function signerLike(real: Signer, changed: Partial<Signer>): Signer {
  return {
    needsCertificationRequest: real.needsCertificationRequest,
    needsCluster: real.needsCluster,
    mayBeResumed: real.mayBeResumed,
    requiredAccess: real.requiredAccess,
    prepare: (request, now) => real.prepare(request, now),
    resume: (request, intent) => real.resume(request, intent),
    giveUp: (intent) => real.giveUp(intent),
    ...changed,
  };
}

/** A signer that does something else instead of signing; `sign` may call the real signature. */
export function signingBy(
  real: Signer,
  sign: (signReally: () => Promise<SignedCertificate>) => Promise<SignedCertificate>,
): Signer {
  return signerLike(real, {
    prepare(request, now) {
      const prepared = real.prepare(request, now);
      return {
        intent: prepared.intent,
        begin: () => prepared.begin(),
        sign: (deadline) => sign(() => prepared.sign(deadline)),
        cleanUp: () => prepared.cleanUp(),
      };
    },
  });
}

/** The certificate of a signer as DER, whoever assembled it. */
export const derOf = (signed: SignedCertificate): Uint8Array =>
  signed.kind === 'written-elsewhere'
    ? signed.der
    : sealCertificate(signed.tbsCertificate, signed.issuedBy.authority.signatureAlgorithm, signed.signature);

/** Why a certificate is refused, as one text. */
export function mismatchesOf(checked: CheckedIssuance): string {
  if (checked.ok) return '';
  return checked.kind === 'mismatch' ? checked.mismatches.join('\n') : checked.kind;
}
