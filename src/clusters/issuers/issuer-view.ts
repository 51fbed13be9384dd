import type { KeyObject } from 'node:crypto';
import { displayDistinguishedName, encodeCertificates, onlyElement, readDistinguishedName } from '@kubepass/x509';
import type { Context } from '../../context/context.js';
import { describeCaCertificate } from '../../kubernetes/certificate-authorities.js';
import type { BundledCertificate } from '../../model/cluster.js';
import type { IssuerState, KeyKind, RecordedIssuer, ServedCertificates, IssuerProbe } from '../../model/issuer.js';
import type { CertifiedIssuer, LoadedIssuer } from '../../signing/cluster-issuers.js';

/** An issuer as the database, its files and the inventory have it. */
export interface IssuerView {
  readonly name: string;
  readonly state: IssuerState;
  /** Null while its agent has not told its key, as the hash of that. */
  readonly since: Date | null;
  readonly fingerprintSha256: string | null;
  readonly spkiSha256: string | null;
  /** This and what follows are null, or empty, where the configuration does not have its certificate. */
  readonly subject: string | null;
  readonly notBefore: Date | null;
  readonly notAfter: Date | null;
  readonly chain: readonly BundledCertificate[];
  readonly anchors: readonly BundledCertificate[];
  /** Null where the configuration does not have it any more. */
  readonly key: {
    readonly kind: KeyKind;
    readonly algorithm: string | null;
    readonly available: boolean;
    readonly checkedAt: Date;
  } | null;
  readonly certificates: ServedCertificates;
  readonly probe: IssuerProbe | null;
}

/** An issuer that is not recorded yet, because nobody knows its key. */
const unrecorded = { state: 'uncertified', since: null, spkiSha256: null, fingerprints: [], probe: null } as const;

/**
 * Shows an issuer. `recorded` null: its agent has not told its key. `loaded` null: the configuration does not have it
 * any more.
 */
export async function viewIssuer(
  { store, clock }: Pick<Context, 'store' | 'clock'>,
  cluster: string,
  name: string,
  recorded: RecordedIssuer | null,
  loaded: LoadedIssuer | null,
): Promise<IssuerView> {
  const certified = loaded?.certified ?? null;
  const { state, since, spkiSha256, probe, fingerprints } = recorded ?? unrecorded;
  return {
    ...{ name, state, since, spkiSha256, probe },
    fingerprintSha256: fingerprintOf({ fingerprints }, certified),
    subject: certified && subjectOf(certified),
    notBefore: certified && certified.notBefore,
    notAfter: certified && certified.notAfter,
    chain: (certified?.chain ?? []).map(describeCaCertificate),
    anchors: (certified?.anchors ?? []).map(describeCaCertificate),
    key: loaded && {
      kind: loaded.key.kind,
      algorithm: algorithmOf(certified?.authority.publicKey ?? loaded.key.publicKey()),
      ...loaded.key.availability(),
    },
    certificates: await store.issuers.served(cluster, fingerprints, clock()),
  };
}

/** SHA-256 of its certificate; null while it has none. */
export const fingerprintOf = (
  { fingerprints }: Pick<RecordedIssuer, 'fingerprints'>,
  certified: CertifiedIssuer | null,
): string | null => certified?.authority.fingerprintSha256 ?? fingerprints.at(-1) ?? null;

const subjectOf = ({ authority }: CertifiedIssuer): string =>
  displayDistinguishedName(readDistinguishedName(onlyElement(authority.subjectRaw, 'the subject of the CA')));

/** PEM of its certificate and of the CAs above it that go out with it. */
export function issuerPem({ authority, chain }: CertifiedIssuer): string {
  const above = chain.filter(({ fingerprintSha256 }) => fingerprintSha256 !== authority.fingerprintSha256);
  return encodeCertificates([{ der: authority.certificateDer }, ...above]);
}

const curves: Readonly<Record<string, string>> = { prime256v1: 'P256', secp384r1: 'P384', secp521r1: 'P521' };

/** As users' keys are named; a CA's RSA key may have other sizes. */
function algorithmOf(key: KeyObject | null): string | null {
  const { modulusLength, namedCurve } = key?.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined) return `RSA-${modulusLength}`;
  if (namedCurve !== undefined) return `ECDSA-${curves[namedCurve] ?? namedCurve}`;
  return key && 'Ed25519';
}
