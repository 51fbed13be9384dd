import type { CertificateNode } from './certificate-node.js';
import type { Issuance } from './find-issuers.js';

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

/**
 * The chains that begin with a certificate, at least one. A chain never has the same name and key twice, so circles
 * end.
 */
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
    const issuance = issuanceOf(last);
    const issuers = issuance.outcome === 'signed' ? issuance.issuers : [];
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
