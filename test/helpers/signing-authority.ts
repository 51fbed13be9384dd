import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readCertificate, readSigningAuthority, type Signatures, type SigningAuthority } from '@kubepass/x509';
import { type CaKey, heldKey } from '../../src/signing/keys/ca-key.js';
import { type CertifiedIssuer, ClusterIssuers } from '../../src/signing/cluster-issuers.js';
import { LocalCaSigner } from '../../src/signing/local-ca-signer.js';

/** A CA of a test, with its key. */
export interface TestSigningAuthority extends SigningAuthority {
  readonly privateKey: KeyObject;
}

export const loadSigningAuthority = (certificatePem: string, privateKeyPem: string): TestSigningAuthority => ({
  ...readSigningAuthority(certificatePem),
  privateKey: createPrivateKey(privateKeyPem),
});

interface IssuerOptions {
  readonly name?: string;
  readonly signatures?: Signatures;
  /** Another key in the place of the one that is held in memory. */
  readonly key?: (held: CaKey) => CaKey;
}

/** The CA as an issuer that is its own anchor. */
export function certifiedIssuer(
  { privateKey, ...authority }: TestSigningAuthority,
  { name = 'default', signatures, key = (held) => held }: IssuerOptions = {},
): CertifiedIssuer {
  const { notBefore, notAfter } = authority;
  return {
    name,
    key: key(heldKey('file', privateKey, () => new Date(), signatures)),
    authority,
    chain: [],
    anchors: [readCertificate(authority.certificateDer)],
    notBefore,
    notAfter,
  };
}

/** A signer with this CA alone. */
export function signerOf(authority: TestSigningAuthority, options?: IssuerOptions) {
  const issuer = certifiedIssuer(authority, options);
  return new LocalCaSigner({ active: () => issuer });
}

/** The issuers of a cluster with this CA alone, which is active. */
export function issuersOf(authority: TestSigningAuthority, options: IssuerOptions = {}): ClusterIssuers {
  const cluster = 'demo';
  const certified = certifiedIssuer(authority, options);
  const { name, key } = certified;
  const { spkiSha256, fingerprintSha256, notBefore: since } = authority;
  const recorded = { cluster, name, state: 'active', since, spkiSha256, fingerprints: [fingerprintSha256] } as const;
  const issuers = new ClusterIssuers(cluster, [{ name, key, certified, requestedSubject: null }], () =>
    Promise.resolve([{ ...recorded, probe: null }]),
  );
  issuers.know([{ ...recorded, probe: null }]);
  return issuers;
}
