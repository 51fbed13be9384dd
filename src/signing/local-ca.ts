import type { ApprovedRequest } from '../model/approved-request.js';
import {
  assembleTbsCertificate,
  authorityKeyIdentifierExtension,
  displayDistinguishedName,
  newSerialNumber,
  onlyElement,
  publicRandomOctets,
  readDistinguishedName,
  sha256,
  type Signatures,
  signaturesHere,
  type SigningAuthority,
  userCertificateValidity,
} from '@kubepass/x509';
import { SignerUnavailableError } from '../model/errors.js';
import { SigningRefusedError, nothingToUndo, type GivenUp, type PreparedSigning, type Signer } from './signer.js';

/** Signs with a CA key that the service holds. Everything but the signature is fixed when it is prepared. */
export class LocalCaSigner implements Signer {
  readonly needsCertificationRequest = false;
  readonly needsCluster = false;
  readonly mayBeResumed = false;
  readonly requiredAccess = [];

  /** The same in all certificates that it signs; null where the CA has no subject key identifier. */
  readonly #authorityKeyIdentifierExtension: Buffer | null;
  /** The display form of the CA's subject. */
  readonly #issuer: string;

  constructor(
    private readonly authority: SigningAuthority,
    private readonly random: (octets: number) => Uint8Array = publicRandomOctets(),
    private readonly signatures: Signatures = signaturesHere,
  ) {
    const { subjectKeyIdentifier, subjectRaw } = authority;
    this.#issuer = displayDistinguishedName(readDistinguishedName(onlyElement(subjectRaw, 'the subject of the CA')));
    this.#authorityKeyIdentifierExtension =
      subjectKeyIdentifier && authorityKeyIdentifierExtension(subjectKeyIdentifier);
  }

  prepare(request: ApprovedRequest, now: Date): PreparedSigning {
    const { authority, signatures } = this;
    const { signatureAlgorithm } = authority;
    const issuer = this.#issuer;
    const serialOctets = newSerialNumber(now, this.random);
    const serialNumber = serialOctets.toString('hex');
    const { notBefore, notAfter } = userCertificateValidity(now, request.expirationSeconds, authority.notAfter);
    const tbsCertificate = assembleTbsCertificate({
      notBefore,
      notAfter,
      serialNumber: serialOctets,
      issuer: authority.subjectRaw,
      authorityKeyIdentifierExtension: this.#authorityKeyIdentifierExtension,
      signatureAlgorithm,
      username: request.username,
      groups: request.groups,
      subjectPublicKeyInfo: request.subjectPublicKeyInfo,
      keyAlgorithm: request.keyAlgorithm,
    });
    return {
      intent: { signer: 'localCA', serialNumber, tbsSha256: sha256(tbsCertificate) },
      begin: () => nothingToUndo,
      async sign() {
        if (now < authority.notBefore)
          // CA certificates are not from the future: the clock is behind, and somebody will mend it.
          throw new SignerUnavailableError(
            `the clock says ${now.toISOString()}, before the CA's notBefore ${authority.notBefore.toISOString()}`,
          );
        if (now >= authority.notAfter)
          throw new SigningRefusedError('CertificateAuthorityNotValid', 'the CA certificate has expired');
        return {
          kind: 'assembled',
          tbsCertificate,
          signatureAlgorithm,
          signature: await signatures.sign(signatureAlgorithm, tbsCertificate, authority.privateKey),
          serialNumber,
          issuerRaw: authority.subjectRaw,
          issuer,
          notBefore,
          notAfter,
        };
      },
      cleanUp: () => Promise.resolve(),
    };
  }

  /** A signature that was not recorded is gone with its process: a new attempt gets a new serial number. */
  resume(): null {
    return null;
  }

  giveUp(): Promise<GivenUp> {
    return Promise.resolve({ certificate: null, cleanUp: () => Promise.resolve() });
  }
}
