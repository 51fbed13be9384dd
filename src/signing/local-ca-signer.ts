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
  userCertificateValidity,
} from '@kubepass/x509';
import { SignerUnavailableError } from '../model/errors.js';
import type { CertifiedIssuer, ClusterIssuers } from './cluster-issuers.js';
import { SigningRefusedError, nothingToUndo, type GivenUp, type PreparedSigning, type Signer } from './signer.js';

/** Signs with the key of the active issuer. Everything but the signature is fixed when it is prepared. */
export class LocalCaSigner implements Signer {
  readonly needsCertificationRequest = false;
  readonly needsCluster = false;
  readonly mayBeResumed = false;
  readonly requiredAccess = [];

  constructor(
    private readonly issuers: Pick<ClusterIssuers, 'active'>,
    private readonly random: (octets: number) => Uint8Array = publicRandomOctets(),
  ) {}

  prepare(request: ApprovedRequest, now: Date): PreparedSigning {
    const issuer = this.issuers.active();
    const { authority } = issuer;
    const { signatureAlgorithm, subjectRaw } = authority;
    const written = writtenOf(issuer);
    const serialOctets = newSerialNumber(now, this.random);
    const serialNumber = serialOctets.toString('hex');
    const { notBefore, notAfter } = userCertificateValidity(now, request.expirationSeconds, issuer.notAfter);
    const tbsCertificate = assembleTbsCertificate({
      notBefore,
      notAfter,
      serialNumber: serialOctets,
      issuer: subjectRaw,
      authorityKeyIdentifierExtension: written.authorityKeyIdentifierExtension,
      signatureAlgorithm,
      username: request.username,
      groups: request.groups,
      subjectPublicKeyInfo: request.subjectPublicKeyInfo,
      keyAlgorithm: request.keyAlgorithm,
    });
    return {
      intent: { signer: 'localCA', issuer: issuer.name, serialNumber, tbsSha256: sha256(tbsCertificate) },
      begin: () => nothingToUndo,
      async sign() {
        if (now < issuer.notBefore)
          // CA certificates are not from the future: the clock is behind, and somebody will mend it.
          throw new SignerUnavailableError(
            `the clock says ${now.toISOString()}, before the CA's notBefore ${issuer.notBefore.toISOString()}`,
          );
        if (now >= issuer.notAfter)
          throw new SigningRefusedError('CertificateAuthorityNotValid', 'the CA certificate has expired');
        return {
          kind: 'assembled',
          tbsCertificate,
          signature: await issuer.key.sign(tbsCertificate),
          serialNumber,
          issuedBy: issuer,
          issuer: written.displayName,
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

/** The parts that are the same in all certificates of an issuer. */
interface WrittenIssuer {
  /** The display form of its subject. */
  readonly displayName: string;
  /** Null where the CA has no subject key identifier. */
  readonly authorityKeyIdentifierExtension: Buffer | null;
}

const writtenBy = new WeakMap<CertifiedIssuer, WrittenIssuer>();

/** Works them out once for each issuer. */
function writtenOf(issuer: CertifiedIssuer): WrittenIssuer {
  const known = writtenBy.get(issuer);
  if (known !== undefined) return known;
  const { subjectRaw, subjectKeyIdentifier } = issuer.authority;
  const written = {
    displayName: displayDistinguishedName(readDistinguishedName(onlyElement(subjectRaw, 'the subject of the CA'))),
    authorityKeyIdentifierExtension: subjectKeyIdentifier && authorityKeyIdentifierExtension(subjectKeyIdentifier),
  };
  writtenBy.set(issuer, written);
  return written;
}
