import { randomBytes } from 'node:crypto';
import { readCertificate, readSigningAuthority } from '@kubepass/x509';
import { type MadeCertificate, makeAuthority } from '../../packages/x509/test/helpers/certificates.js';
import type { CaKey } from '../../src/keys/ca-key.js';
import { heldKey } from '../../src/keys/held-key.js';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import type { IssuerState, RecordedIssuer } from '../../src/model/issuer.js';
import { ClusterIssuers, type LoadedIssuer } from '../../src/signing/cluster-issuers.js';
import { LocalCaSigner } from '../../src/signing/local-ca.js';
import type { TestIssuance } from './issuance.js';

/** An issuer of a test, as it is loaded and recorded. */
export interface TestIssuer {
  readonly name: string;
  readonly state: IssuerState;
  readonly certificate: MadeCertificate;
  /** The CAs that go out behind a leaf; default: none, the issuer is trusted itself. */
  readonly chain?: readonly MadeCertificate[];
  readonly anchor?: MadeCertificate;
  /** Certificates that it had before. */
  readonly former?: readonly MadeCertificate[];
  /** Default: held in memory. */
  readonly key?: (held: CaKey) => CaKey;
}

/** A CA that is valid now. */
export const makeCa = (commonName: string, fields: Parameters<typeof makeAuthority>[0] = {}): MadeCertificate => {
  const [notBefore, notAfter] = [new Date(Date.now() - 86_400_000), new Date(Date.now() + 3_650 * 86_400_000)];
  for (const instant of [notBefore, notAfter]) instant.setUTCMilliseconds(0);
  return makeAuthority({ subject: [['CN', commonName]], notBefore, notAfter, ...fields });
};

/** The issuers of cluster `demo`, with states that do not change by themselves. */
export function severalIssuers(issuers: readonly TestIssuer[]): ClusterIssuers {
  const recorded = issuers.map(recordOf);
  const several = new ClusterIssuers('demo', issuers.map(loadedOf), () => Promise.resolve(recorded));
  several.know(recorded);
  return several;
}

/** Has a cluster of an issuance signed by these issuers; answers the cluster's. */
export function serveIssuers({ context, setSigner }: TestIssuance, issuers: readonly TestIssuer[]): ClusterIssuers {
  const several = severalIssuers(issuers);
  setSigner(new LocalCaSigner(() => several.active(), randomBytes));
  const found = context.clusters.get('demo');
  if (found === undefined) throw new Error('there is no cluster');
  const trust = readClientTrust(issuers.map(({ anchor, certificate }) => (anchor ?? certificate).pem).join(''));
  const clusters = context.clusters as Map<string, typeof found>;
  clusters.set('demo', { ...found, issuers: several, clientTrust: () => Promise.resolve(trust) });
  return several;
}

function loadedOf({
  name,
  certificate,
  chain = [],
  anchor = certificate,
  key = (held) => held,
}: TestIssuer): LoadedIssuer {
  const authority = readSigningAuthority(certificate.pem);
  const { notBefore, notAfter } = authority;
  const caKey = key(heldKey('file', certificate.key.privateKey, () => new Date()));
  const certificates = { chain: chain.map(({ der }) => readCertificate(der)), anchors: [readCertificate(anchor.der)] };
  const certified = { name, key: caKey, authority, ...certificates, notBefore, notAfter };
  return { name, key: caKey, certified, requestedSubject: null };
}

function recordOf({ name, state, certificate, former = [] }: TestIssuer): RecordedIssuer {
  const { spkiSha256 } = readSigningAuthority(certificate.pem);
  const fingerprints = [...former, certificate].map(({ der }) => readCertificate(der).fingerprintSha256);
  return { cluster: 'demo', name, state, since: new Date(), spkiSha256, fingerprints, probe: null };
}
