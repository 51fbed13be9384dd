import { randomBytes } from 'node:crypto';
import { readCertificate, readSigningAuthority } from '@kubepass/x509';
import { type MadeCertificate, makeAuthority } from '../../packages/x509/test/helpers/certificates.js';
import { type CaKey, heldKey } from '../../src/signing/keys/ca-key.js';
import { readClientTrust } from '../../src/kubernetes/certificate-authorities.js';
import type { IssuerState, RecordedIssuer } from '../../src/model/issuer.js';
import { ClusterIssuers, type LoadedIssuer } from '../../src/signing/cluster-issuers.js';
import { LocalCaSigner } from '../../src/signing/local-ca-signer.js';
import type { Write } from '../../src/store/steps/step.js';
import type { Store } from '../../src/store/store.js';
import { certifyIssuer, insertIssuer, moveIssuer } from '../../src/store/tables/cluster-issuer-table.js';
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

/** Has a cluster of an issuance signed by these issuers, and records their states. */
export async function serveIssuers(
  { context, setSigner }: TestIssuance,
  issuers: readonly TestIssuer[],
): Promise<ClusterIssuers> {
  await record(context.store, issuers);
  const several = new ClusterIssuers('demo', issuers.map(loadedOf), () => context.store.issuers.ofCluster('demo'));
  await several.refresh();
  setSigner(new LocalCaSigner(several, randomBytes));
  const found = context.clusters.get('demo');
  if (found === undefined) throw new Error('there is no cluster');
  const trust = readClientTrust(issuers.map(({ anchor, certificate }) => (anchor ?? certificate).pem).join(''));
  const clusters = context.clusters as Map<string, typeof found>;
  clusters.set('demo', { ...found, issuers: several, clientTrust: () => Promise.resolve(trust) });
  return several;
}

async function record({ writer, issuers: recorded }: Store, issuers: readonly TestIssuer[]): Promise<void> {
  const before = await recorded.ofCluster('demo');
  const move = (name: string, from: IssuerState, to: IssuerState) =>
    moveIssuer({ cluster: 'demo', name, from, to, at: new Date() });
  const wanted = new Map(issuers.map((issuer) => [issuer.name, issuer]));
  // There is one active issuer at most, so those that leave a state come before those that come.
  const leaving = before.filter(({ name, state }) => state === 'active' && wanted.get(name)?.state !== 'active');
  const left = leaving.map(({ name, state }) => move(name, state, wanted.get(name)?.state ?? 'retiring'));
  const coming = issuers.flatMap((issuer): readonly Write[] => {
    const { cluster, name, state, fingerprints } = recordOf(issuer);
    const had = before.find((one) => one.name === name);
    if (had === undefined) return [insertIssuer(recordOf(issuer))];
    const certify = certifyIssuer({ cluster, name, fingerprintSha256: fingerprints.at(-1) ?? '' });
    const isSame = had.state === state || leaving.some((one) => one.name === name);
    return [...(isSame ? [] : [move(name, had.state, state)]), certify];
  });
  const result = await writer.commit({ operations: [...left, ...coming], events: [] });
  if (!result.committed) throw new Error('the states of issuers could not be recorded');
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
