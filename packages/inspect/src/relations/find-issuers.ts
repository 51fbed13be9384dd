import type { AuthorityKeyIdentifier, Signed } from '../model/decoded.js';
import type { Budget } from '../model/budget.js';
import { verifySigned } from '../x509/verify-signed.js';
import { type CertificateIndex, type CertificateNode, octetsKey } from './certificate-node.js';

/** The result of the search for a signer. */
export type Issuance =
  /** All issuers have the key that made the signature. */
  | { readonly outcome: 'signed'; readonly issuers: readonly CertificateNode[] }
  /** No certificate here signed it. `namesake` has the name of the issuer but not the key. */
  | { readonly outcome: 'missing'; readonly namesake: CertificateNode | null }
  /** Its issuer is here, but did not make the signature. */
  | { readonly outcome: 'forged'; readonly supposed: CertificateNode }
  | { readonly outcome: 'unchecked'; readonly supposed: CertificateNode; readonly because: 'unsupported' | 'budget' };

export const issuersIn = (issuance: Issuance | undefined): readonly CertificateNode[] =>
  issuance?.outcome === 'signed' ? issuance.issuers : [];

/** A certificate or a list. */
interface Issued {
  readonly issuer: Buffer;
  readonly authorityKeyIdentifier: AuthorityKeyIdentifier | null;
  readonly signed: Signed;
}

/** How well a certificate matches the description of the issuer; the lowest is the best. */
const fits = {
  nameAndKeyIdentifier: 0,
  keyIdentifier: 1,
  /** At least one key identifier is missing. */
  name: 2,
  /** The key identifiers differ. */
  nameAlone: 3,
} as const;

/** Certificates with the same key. Each may be the issuer. */
interface Candidates {
  readonly nodes: CertificateNode[];
  fit: number;
}

/** An honest upload has fewer keys of one name. */
const maxKeys = 16;
/** Cross-signed and renewed certificates have the same key. */
const maxIssuers = 8;

/**
 * Finds the signer among certificates with the issuer's name or key identifier. Only a verified signature counts,
 * because a name proves nothing. `own` describes the certificate itself: its key, and whether it is self-signed, where
 * that is known.
 */
export function findIssuers(
  issued: Issued,
  indexes: readonly CertificateIndex[],
  budget: Budget,
  own: { readonly spkiSha256: string; readonly selfSigned: boolean | null } | null,
): Issuance {
  const found = candidatesFor(issued, indexes);
  let failed: readonly [Candidates, 'invalid' | 'unsupported' | 'budget'] | null = null;
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
    // The best fit comes first, and is the one to report.
    failed ??= [candidates, result];
    if (result === 'budget') break;
  }
  if (failed === null) return { outcome: 'missing', namesake: null };
  const [{ nodes, fit }, why] = failed;
  const [supposed] = nodes;
  if (supposed === undefined) return { outcome: 'missing', namesake: null };
  if (fit === fits.nameAlone) return { outcome: 'missing', namesake: supposed };
  if (why !== 'invalid') return { outcome: 'unchecked', supposed, because: why };
  const identified = fit <= fits.keyIdentifier;
  // CAs of different clusters have the same name. So the name alone accuses a certificate only if it is the only one.
  if (identified || (found.length === 1 && supposed.object !== null) || supposed.spkiSha256 === own?.spkiSha256)
    return { outcome: 'forged', supposed };
  return { outcome: 'missing', namesake: supposed };
}

/** Candidates by SHA-256 of their key, the best fit first. */
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
    // A certificate may be twice in the upload, or there and among our CAs.
    else if (!candidates.nodes.some(({ fingerprintSha256 }) => fingerprintSha256 === node.fingerprintSha256)) {
      candidates.nodes.push(node);
      candidates.fit = Math.min(candidates.fit, fit);
    }
  };
  for (const index of indexes) {
    for (const node of index.bySubject.get(name) ?? []) {
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
    for (const node of index.byKeyIdentifier.get(identifier) ?? [])
      if (!node.material.subject.equals(issued.issuer)) add(node, fits.keyIdentifier);
  }
  const found = [...byKey];
  return found.length < 2 ? found : found.sort(([, a], [, b]) => a.fit - b.fit).slice(0, maxKeys);
}

/** A chain from a certificate upwards. Each is signed by the next. */
export interface Chain {
  /** At least the certificate itself. */
  readonly nodes: readonly CertificateNode[];
  /** Whether the last one signed itself or is a CA of ours. */
  readonly complete: boolean;
}

/** Cross-signing gives several chains. A few tell whether one of them is good. */
const maxChains = 8;
/** RFC 5280 sets no bound. Clusters have chains of two or three. */
const maxLength = 16;
const maxSteps = 200;

/** The chains that begin with a certificate, at least one. No chain has a name and key twice, so circles end. */
export function chainsOf(
  certificate: CertificateNode,
  issuanceOf: (node: CertificateNode) => Issuance,
): readonly Chain[] {
  const chains: Chain[] = [];
  let steps = 0;
  const extend = (nodes: readonly CertificateNode[], last: CertificateNode): void => {
    if (chains.length >= maxChains || ++steps > maxSteps) return;
    if (last.object === null) {
      chains.push({ nodes, complete: true });
      return;
    }
    const issuers = issuersIn(issuanceOf(last));
    if (issuers.some(({ fingerprintSha256 }) => fingerprintSha256 === last.fingerprintSha256)) {
      chains.push({ nodes, complete: true });
      return;
    }
    const next =
      nodes.length < maxLength ? issuers.filter((issuer) => !nodes.some((node) => isTheSame(node, issuer))) : [];
    if (next.length === 0) chains.push({ nodes, complete: last.anchors.length > 0 });
    for (const issuer of next) extend([...nodes, issuer], issuer);
  };
  extend([certificate], certificate);
  return chains;
}

/** RFC 4158 2.4.2: the same name with the same key. */
const isTheSame = (a: CertificateNode, b: CertificateNode): boolean =>
  a.spkiSha256 === b.spkiSha256 && a.material.subject.equals(b.material.subject);
