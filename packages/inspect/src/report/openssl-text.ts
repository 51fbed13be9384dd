import { readOrNull } from '../der/recognise.js';
import type { InspectedObject } from '../model/inspection.js';
import { visibleLines } from '../formats/text/visible.js';
import { certificateTreeText, certificationRequestText } from '@kubepass/x509/openssl-text';
import type { CertificateTree, CertificationRequestTree } from '@kubepass/x509/tree';

/** Certificates and requests, by path. */
export type PrintableTrees = ReadonlyMap<string, CertificateTree | CertificationRequestTree>;

/**
 * A certificate or request as OpenSSL 3.5 prints it; null for anything else, and where OpenSSL would print nothing.
 * Unlike there, no character of it moves a cursor or hides: `\u{9b}`.
 */
export function opensslText({ path }: InspectedObject, trees: PrintableTrees): string | null {
  const tree = trees.get(path);
  return tree === undefined
    ? null
    : readOrNull(() =>
        visibleLines(tree.kind === 'certificate' ? certificateTreeText(tree) : certificationRequestText(tree)),
      );
}
