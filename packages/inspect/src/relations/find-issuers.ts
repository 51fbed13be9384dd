import type { AuthorityKeyIdentifier, Signed } from '../model/decoded.js';
import type { Budget } from '../model/budget.js';
import { verifySigned } from '../x509/verify-signed.js';
import { type CertificateIndex, type CertificateNode, octetsKey } from './certificate-node.js';

/** The result of the search for a signer. */
export type Issuance =
  /** All issuers have the key that made the signature. */
  | { readonly outcome: 'signed'; readonly issuers: readonly CertificateNode[] }
  /** No certificate here signed it. `other` has the name or else the key identifier of the issuer, but not the key. */
  | { readonly outcome: 'missing'; readonly other: { readonly node: CertificateNode; readonly byName: boolean } | null }
  /** Its issuer is here for certain, but did not make the signature. */
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
  /** By name and key identifier, or by name and serial number. */
  identified: 0,
  /** Another name: extensions are copied from certificate to certificate, so this accuses nobody. */
  keyIdentifier: 1,
  /** The key identifiers cannot be compared. */
  name: 2,
  /** The key identifiers or serial numbers differ, or the name is empty. */
  nameAlone: 3,
} as const;

/** Certificates with the same key. Each may be the issuer. `nearness`: of the nearest one to what was issued. */
interface Candidates {
  readonly nodes: CertificateNode[];
  fit: number;
  nearness: number;
}

/** How many keys are tried for each certificate before more are tried for any. */
export const fewTries = 2;
/** Cross-signed and renewed certificates have the same key. */
const maxIssuers = 8;

/** A key that did not make the signature, or that cannot be tried. */
interface Failure {
  readonly supposed: CertificateNode;
  readonly fit: number;
  readonly why: 'invalid' | 'unsupported' | 'budget';
}

/** The certificate or list whose issuer is looked for. */
interface Sought {
  readonly path: string;
  /** Of its own key, where it is a certificate. */
  readonly spkiSha256: string | null;
  /** Null where it is not self-issued, or that is not known. */
  readonly selfSigned: boolean | null;
}

/**
 * Finds the signer among certificates with the issuer's name or key identifier. Only a verified signature counts,
 * because a name proves nothing. A fleet has many CAs of one name, so the budget bounds the signatures of the whole
 * upload, and not the keys of a name. Null where it would take more than so many tries.
 */
export function findIssuers(
  issued: Issued,
  indexes: readonly CertificateIndex[],
  budget: Budget,
  own: Sought,
  tries: number,
): Issuance | null {
  const failures: Failure[] = [];
  let left = tries;
  for (const [spkiSha256, { nodes, fit }] of candidatesFor(issued, indexes, own)) {
    const [supposed] = nodes;
    if (supposed === undefined) continue;
    const isOwn = own.spkiSha256 === spkiSha256 && own.selfSigned !== null;
    if (!isOwn && --left < 0) return null;
    const why = isOwn
      ? own.selfSigned
        ? 'valid'
        : 'invalid'
      : budget.mayVerify()
        ? verifySigned(issued.signed, supposed.material.tree.publicKey)
        : 'budget';
    if (why === 'valid') return { outcome: 'signed', issuers: nodes.slice(0, maxIssuers) };
    failures.push({ supposed, fit, why });
    if (why === 'budget') break;
  }
  return withoutSigner(failures, own);
}

/** The best fit comes first. */
function withoutSigner(failures: readonly Failure[], own: Sought): Issuance {
  const [first] = failures;
  if (first === undefined) return { outcome: 'missing', other: null };
  const { supposed, fit, why } = first;
  if (fit === fits.identified && why === 'invalid') return { outcome: 'forged', supposed };
  for (const each of failures)
    if (each.why !== 'invalid' && each.fit !== fits.nameAlone)
      return { outcome: 'unchecked', supposed: each.supposed, because: each.why };
  // CAs of different clusters have the same name, and a certificate may have that of its CA. So the name accuses a
  // certificate only if one other certificate of the upload has it.
  if (fit === fits.name && failures.length === 1 && supposed.object !== null && supposed.spkiSha256 !== own.spkiSha256)
    return { outcome: 'forged', supposed };
  const namesake = failures.find((each) => each.fit !== fits.keyIdentifier);
  return { outcome: 'missing', other: { node: (namesake ?? first).supposed, byName: namesake !== undefined } };
}

/** Candidates by SHA-256 of their key, the best fit first, and of equal ones the nearest. */
function candidatesFor(
  issued: Issued,
  indexes: readonly CertificateIndex[],
  own: Sought,
): readonly (readonly [string, Candidates])[] {
  const keyIdentifier = issued.authorityKeyIdentifier?.keyIdentifier ?? null;
  const name = octetsKey(issued.issuer);
  const identifier = keyIdentifier === null ? null : octetsKey(keyIdentifier);
  const byKey = new Map<string, Candidates>();
  const add = (node: CertificateNode, fit: number): void => {
    if (own.selfSigned === true && node.spkiSha256 !== own.spkiSha256) return;
    const candidates = byKey.get(node.spkiSha256);
    if (candidates === undefined) byKey.set(node.spkiSha256, { nodes: [node], fit, nearness: -1 });
    // A certificate may be twice in the upload, or there and among our CAs.
    else if (!candidates.nodes.some(({ fingerprintSha256 }) => fingerprintSha256 === node.fingerprintSha256)) {
      candidates.nodes.push(node);
      candidates.fit = Math.min(candidates.fit, fit);
    }
  };
  for (const index of indexes) {
    for (const node of index.bySubject.get(name) ?? []) add(node, fitOf(issued, node));
    if (identifier === null) continue;
    for (const node of index.byKeyIdentifier.get(identifier) ?? [])
      if (!node.material.subject.equals(issued.issuer)) add(node, fits.keyIdentifier);
  }
  const found = [...byKey];
  if (found.length < 2) return found;
  for (const [, candidates] of found)
    candidates.nearness = Math.max(...candidates.nodes.map(({ object }) => commonSteps(object?.path ?? '', own.path)));
  return found.sort(([, a], [, b]) => a.fit - b.fit || b.nearness - a.nearness);
}

/** How many folders, files and fields two paths have in common. */
function commonSteps(a: string, b: string): number {
  let steps = 0;
  for (let i = 0; i < a.length && a[i] === b[i]; i++) if (a[i] === '/' || a[i] === '#') steps += 1;
  return steps;
}

/** How well a certificate with the name of the issuer fits. */
function fitOf({ issuer, authorityKeyIdentifier }: Issued, { material: by }: CertificateNode): number {
  const { keyIdentifier, serialNumber, issuer: above } = authorityKeyIdentifier ?? {};
  const isThat = (same: boolean) => (same ? fits.identified : fits.nameAlone);
  if (keyIdentifier && by.subjectKeyIdentifier) return isThat(keyIdentifier.equals(by.subjectKeyIdentifier));
  if (serialNumber && above) return isThat(serialNumber.equals(by.serialNumber) && above.equals(by.issuer));
  // The empty SEQUENCE names nobody. A CA without an identifier may be the successor that an older CA of the same name
  // signed: RFC 5280 4.2.1.1 forbids that, but Go's CreateCertificate leaves the identifier out there.
  return issuer.length <= 2 ? fits.nameAlone : fits.name;
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
    const issuers = last.object === null ? [] : issuersIn(issuanceOf(last));
    if (last.object === null || issuers.some(({ fingerprintSha256 }) => fingerprintSha256 === last.fingerprintSha256)) {
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
