import type { AuthorityKeyIdentifier, Budget, Signed } from '../decoded.js';
import { verifySigned } from '../x509/verify-signed.js';
import type { CertificateIndex } from './certificate-index.js';
import { type CertificateNode, octetsKey } from './certificate-node.js';

/** What was found of who signed something. */
export type Issuance =
  /** All of them have the key that made the signature. */
  | { readonly outcome: 'signed'; readonly issuers: readonly CertificateNode[] }
  /** Nobody here did; `namesake` only bears the name of who should have. */
  | { readonly outcome: 'missing'; readonly namesake: CertificateNode | null }
  /** Its issuer is here, and did not make that signature. */
  | { readonly outcome: 'forged'; readonly supposed: CertificateNode }
  | { readonly outcome: 'unchecked'; readonly supposed: CertificateNode; readonly because: 'unsupported' | 'budget' };

/** Something that a CA signs: a certificate or a list. */
export interface Issued {
  readonly issuer: Buffer;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly signed: Signed;
}

/** How well a certificate fits what is said of the issuer; the best is the least. */
const fits = {
  nameAndKeyIdentifier: 0,
  keyIdentifier: 1,
  /** There are no two key identifiers to compare. */
  name: 2,
  /** The key identifiers differ. */
  nameAlone: 3,
} as const;

/** The certificates of one key, any of which may be the issuer. */
interface Candidates {
  readonly nodes: CertificateNode[];
  fit: number;
}

interface Failed {
  readonly candidates: Candidates;
  readonly why: 'invalid' | 'unsupported' | 'budget';
}

/** Past this many keys of one name it is no honest upload. */
const maxKeys = 16;
/** Certificates of the issuer's key: cross-signed and renewed ones. */
const maxIssuers = 8;

/**
 * Finds who signed it among certificates whose subject is its issuer or whose key identifier is its authority's, by
 * verifying the signature: a name proves nothing. `own` is its own certificate where it may have signed itself, and
 * whether it did, as far as that is known.
 */
export function findIssuers(
  issued: Issued,
  indexes: readonly CertificateIndex[],
  budget: Budget,
  own: { readonly spkiSha256: string; readonly selfSigned: boolean | null } | null,
): Issuance {
  const found = candidatesFor(issued, indexes);
  let failed: Failed | null = null;
  for (const [spkiSha256, candidates] of found) {
    const [first] = candidates.nodes;
    if (first === undefined) continue;
    const result =
      own?.spkiSha256 === spkiSha256 && own.selfSigned !== null
        ? own.selfSigned
          ? 'valid'
          : 'invalid'
        : budget.mayVerify()
          ? verifySigned(issued.signed, first.material.tree.publicKey)
          : 'budget';
    if (result === 'valid') return { outcome: 'signed', issuers: candidates.nodes.slice(0, maxIssuers) };
    // The best fit comes first, and is the one to speak of.
    failed ??= { candidates, why: result };
    if (result === 'budget') break;
  }
  return explain(failed, found.length === 1, own?.spkiSha256);
}

function explain(failed: Failed | null, only: boolean, ownKey: string | undefined): Issuance {
  const supposed = failed?.candidates.nodes[0];
  if (failed === null || supposed === undefined) return { outcome: 'missing', namesake: null };
  const { fit } = failed.candidates;
  if (fit === fits.nameAlone) return { outcome: 'missing', namesake: supposed };
  if (failed.why !== 'invalid') return { outcome: 'unchecked', supposed, because: failed.why };
  const identified = fit <= fits.keyIdentifier;
  // CAs of different clusters bear the same name, so the name alone accuses nobody unless there is nobody else.
  if (identified || (only && supposed.object !== null) || supposed.spkiSha256 === ownKey)
    return { outcome: 'forged', supposed };
  return { outcome: 'missing', namesake: supposed };
}

/** By SHA-256 of their keys, the best fit first. */
function candidatesFor(
  issued: Issued,
  indexes: readonly CertificateIndex[],
): readonly (readonly [string, Candidates])[] {
  const keyIdentifier = issued.authorityKeyIdentifier?.keyIdentifier ?? null;
  const name = octetsKey(issued.issuer);
  const identifier = keyIdentifier === null ? null : octetsKey(keyIdentifier);
  const byKey = new Map<string, Candidates>();
  const add = (node: CertificateNode, fit: number): void => {
    const candidates = byKey.get(node.spkiSha256);
    if (candidates === undefined) byKey.set(node.spkiSha256, { nodes: [node], fit });
    // The same certificate twice, in the upload or as a CA of ours, is one.
    else if (!candidates.nodes.some(({ fingerprintSha256 }) => fingerprintSha256 === node.fingerprintSha256)) {
      candidates.nodes.push(node);
      candidates.fit = Math.min(candidates.fit, fit);
    }
  };
  for (const index of indexes) {
    for (const node of index.bySubject(name)) {
      const own = node.material.subjectKeyIdentifier;
      const fit =
        own === null || keyIdentifier === null
          ? fits.name
          : own.equals(keyIdentifier)
            ? fits.nameAndKeyIdentifier
            : fits.nameAlone;
      add(node, fit);
    }
    if (identifier === null) continue;
    for (const node of index.byKeyIdentifier(identifier))
      if (!node.material.subject.equals(issued.issuer)) add(node, fits.keyIdentifier);
  }
  const found = [...byKey];
  return found.length < 2 ? found : found.sort(([, a], [, b]) => a.fit - b.fit).slice(0, maxKeys);
}
