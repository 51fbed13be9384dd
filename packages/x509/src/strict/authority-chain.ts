import type { KeyObject } from 'node:crypto';
import { hasAlternativeNames, hasNameConstraints, isSignedBy, whyNotAuthority } from './authority-rules.js';
import type { ParsedCertificate } from './certificate-reader.js';
import { displayDistinguishedName } from './distinguished-name.js';
import { importAuthorityKey } from './signing-authority.js';
import { instantText, type Validity } from './validity.js';

/** The CAs between a user certificate and what an API server trusts. */
export interface AuthorityChain extends Validity {
  /** The issuer's certificate and those of the CAs above it, without anchors; none where the issuer is an anchor. */
  readonly chain: readonly ParsedCertificate[];
  readonly anchors: readonly ParsedCertificate[];
  /** Sentences about what API servers pass over in silence, and people may not expect. */
  readonly remarks: readonly string[];
  /** Each certificate of the best way up that is not valid now, and why. */
  readonly outOfDate: readonly { readonly certificate: ParsedCertificate; readonly reason: string }[];
}

/** A way from the issuer up to an anchor, which is its last certificate. */
type Path = readonly ParsedCertificate[];

/**
 * Decides as a Kubernetes API server (Go's crypto/x509) does about each user certificate by an issuer, where it trusts
 * `trusted` and gets `certificates` behind the user's. `certificates`: the issuer's own first, each signed by the
 * next one. `trusted`: null where the server trusts the issuer's own. Refuses besides whatever is of no use there, in
 * another order or weak. An end of time refuses nothing: `outOfDate` tells it.
 */
export function judgeAuthorityChain(
  certificates: readonly ParsedCertificate[],
  trusted: readonly ParsedCertificate[] | null,
  now: Date,
): ({ readonly ok: true } & AuthorityChain) | { readonly ok: false; readonly problems: readonly string[] } {
  const [issuer] = certificates;
  if (issuer === undefined) return { ok: false, problems: ['there is no certificate'] };
  const anchors = unique(trusted ?? [issuer]);
  const isAnchor = (one: ParsedCertificate) =>
    anchors.some((anchor) => isSame(one, anchor) || (isSelfIssued(one) && isSameAuthority(one, anchor)));
  const end = certificates.findIndex(isAnchor);
  const chain = end < 0 ? certificates : certificates.slice(0, end);
  const problems = [
    ...unique([...chain, ...anchors]).flatMap((one) => whyNotAuthority(one).map((why) => `${named(one)} ${why}`)),
    ...whyNotInOrder(chain),
    ...chain
      .filter(hasOverlongKey)
      .map((one) => `${named(one)} has a key of more than 8192 bits, which API servers do not take from a client`),
    ...certificates.slice(chain.length).flatMap((one) => (isAnchor(one) ? [] : [isSuperfluous(one, trusted === null)])),
  ];
  const ways = anchors.map((anchor) => ({ anchor, paths: pathsTo(anchor, issuer, chain) }));
  if (problems.length === 0) problems.push(...ways.flatMap(({ anchor, paths }) => whyNotUp(anchor, paths, chain)));
  if (problems.length > 0) return { ok: false, problems: [...new Set(problems)] };
  const paths = ways.flatMap((way) => way.paths).filter((path) => whyPathRefused(path).length === 0);
  const judged = paths.map((path) => [issuer, ...path]).toSorted(byUse(now));
  const best = judged[0] ?? [issuer];
  return {
    ok: true,
    chain,
    anchors,
    ...validityOf(best),
    remarks: unique([...chain, ...anchors])
      .filter(hasNameConstraints)
      .map(constraintsRemark),
    outOfDate: unique(best).flatMap((certificate) => {
      const reason = whyNotNow(certificate, now);
      return reason === null ? [] : [{ certificate, reason }];
    }),
  };
}

const isSame = (one: ParsedCertificate, other: ParsedCertificate): boolean => one.der.equals(other.der);

const unique = (certificates: readonly ParsedCertificate[]): readonly ParsedCertificate[] =>
  certificates.filter((one, i) => certificates.findIndex((other) => isSame(one, other)) === i);

/** Go takes no CA twice into a chain: one subject with one key. */
const isSameAuthority = (one: ParsedCertificate, other: ParsedCertificate): boolean =>
  one.subject.raw.equals(other.subject.raw) && one.subjectPublicKeyInfo.equals(other.subjectPublicKeyInfo);

const named = (certificate: ParsedCertificate): string =>
  `the certificate ${JSON.stringify(displayDistinguishedName(certificate.subject))} ` +
  `(serial number ${certificate.serialNumber})`;

function isSuperfluous(certificate: ParsedCertificate, isOwnAnchor: boolean): string {
  const why = isOwnAnchor
    ? "stands above the issuer's own, which is what the API servers trust: name an anchor above it, or take it out"
    : 'stands above an anchor, where no API server looks: take it out';
  return `${named(certificate)} ${why}`;
}

/** Each certificate is to be signed by the next one. */
function whyNotInOrder(chain: readonly ParsedCertificate[]): readonly string[] {
  return chain.flatMap((certificate, i) => {
    const earlier = chain.slice(0, i).find((other) => isSameAuthority(certificate, other));
    if (earlier !== undefined)
      return [`${named(certificate)} is one more of the same CA: one of the two is superfluous`];
    const above = chain[i + 1];
    if (above === undefined) return [];
    if (isIssuedBy(certificate, above)) return whyNotSigned(certificate, above);
    const issuerAt = chain.findIndex((other) => isIssuedBy(certificate, other));
    return [
      issuerAt < 0
        ? `${named(certificate)} is not issued by the next one, ${named(above)}`
        : `${named(certificate)} is issued by certificate ${issuerAt + 1} of the file, which does not follow it: ` +
          'the order is from the issuer up',
    ];
  });
}

/** Such a certificate says nothing that the anchor of the same CA does not. */
const isSelfIssued = ({ subject, issuer }: ParsedCertificate): boolean => subject.raw.equals(issuer.raw);

/** Whether a certificate leads to this CA, by its key or by a signature. A program that trusts the CA may accept it. */
export const leadsTo = (certificate: ParsedCertificate, authority: ParsedCertificate): boolean =>
  certificate.subjectPublicKeyInfo.equals(authority.subjectPublicKeyInfo) ||
  (isIssuedBy(certificate, authority) && whyNotSigned(certificate, authority).length === 0);

const isIssuedBy = (certificate: ParsedCertificate, above: ParsedCertificate): boolean =>
  certificate.issuer.raw.equals(above.subject.raw);

function whyNotSigned(certificate: ParsedCertificate, above: ParsedCertificate): readonly string[] {
  const key = keyOf(above);
  const isSigned = key === null || isSignedBy(certificate, key);
  if (isSigned === true) return [];
  return [
    isSigned === null
      ? `${named(certificate)} is signed with algorithm ${certificate.signatureAlgorithm.id}, which API servers refuse`
      : `${named(certificate)} is not signed by the key of ${named(above)}`,
  ];
}

function keyOf({ subjectPublicKeyInfo }: ParsedCertificate): KeyObject | null {
  try {
    return importAuthorityKey(subjectPublicKeyInfo);
  } catch {
    return null; // `whyNotAuthority` says why
  }
}

/** Go's crypto/tls refuses a handshake with such a key among the certificates that are shown. */
const hasOverlongKey = (certificate: ParsedCertificate): boolean =>
  (keyOf(certificate)?.asymmetricKeyDetails?.modulusLength ?? 0) > 8192;

/** The ways to an anchor: at each height it may follow on what is below. At the lowest it has the issuer's own key. */
function pathsTo(
  anchor: ParsedCertificate,
  issuer: ParsedCertificate,
  chain: readonly ParsedCertificate[],
): readonly Path[] {
  const paths: Path[] = isSameAuthority(anchor, issuer) ? [[anchor]] : [];
  for (const [i, certificate] of chain.entries()) {
    const below = chain.slice(0, i + 1);
    if (!isIssuedBy(certificate, anchor) || below.some((one) => isSameAuthority(one, anchor))) continue;
    if (whyNotSigned(certificate, anchor).length === 0) paths.push([...below, anchor]);
  }
  return paths;
}

/** Why no way leads to an anchor. */
function whyNotUp(
  anchor: ParsedCertificate,
  paths: readonly Path[],
  chain: readonly ParsedCertificate[],
): readonly string[] {
  const last = chain.at(-1);
  if (paths.length > 0) {
    const reasons = paths.map(whyPathRefused);
    return reasons.some(({ length }) => length === 0) ? [] : reasons.flat();
  }
  if (last !== undefined && isIssuedBy(last, anchor)) {
    const why = whyNotSigned(last, anchor);
    if (why.length > 0) return why;
  }
  const issuer = last && JSON.stringify(displayDistinguishedName(last.issuer));
  return [
    `the chain does not lead to the anchor ${JSON.stringify(displayDistinguishedName(anchor.subject))}` +
      (issuer === undefined ? '' : `: it ends below ${issuer}`),
  ];
}

function whyPathRefused(path: Path): readonly string[] {
  return path.flatMap((certificate, below) => {
    const limit = certificate.basicConstraints?.pathLenConstraint ?? null;
    const reasons: string[] = [];
    if (limit !== null && below > limit)
      reasons.push(`${named(certificate)} has path length ${limit}, and ${below} CA${below === 1 ? '' : 's'} below it`);
    if (hasNameConstraints(certificate) && path.slice(0, below).some(hasAlternativeNames))
      reasons.push(`${named(certificate)} has name constraints, and a CA below it has alternative names`);
    return reasons;
  });
}

/** A path that is valid now comes first, then the one that ends last. */
const byUse =
  (now: Date) =>
  (one: Path, other: Path): number => {
    const isNow = (path: Path) => Number(path.every((certificate) => whyNotNow(certificate, now) === null));
    return isNow(other) - isNow(one) || validityOf(other).notAfter.getTime() - validityOf(one).notAfter.getTime();
  };

const validityOf = (path: Path): Validity => ({
  notBefore: new Date(Math.max(...path.map(({ notBefore }) => notBefore.getTime()))),
  notAfter: new Date(Math.min(...path.map(({ notAfter }) => notAfter.getTime()))),
});

function whyNotNow(certificate: ParsedCertificate, now: Date): string | null {
  const { notBefore, notAfter } = certificate;
  if (now > notAfter) return `${named(certificate)} has ended on ${instantText(notAfter)}`;
  return now < notBefore ? `${named(certificate)} is not valid before ${instantText(notBefore)}` : null;
}

const constraintsRemark = (certificate: ParsedCertificate): string =>
  `${named(certificate)} has name constraints, which limit no username and no group: API servers do not apply them to the ` +
  'subject of a certificate';
