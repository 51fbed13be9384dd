import type { DecodedObject } from '../../model/decoded.js';
import { pathStem } from '../../reading/paths.js';
import { isAuthority, type CertificateNode } from '../../relations/certificate-node.js';
import type { Relations } from '../../relations/relations.js';
import type { CertificateCheck, ObjectCheck } from './check.js';

/** Whether the certificates of one file are a chain as a server or client sends it: RFC 8446 4.4.2. */
export const checkBundle: CertificateCheck = ({ object, node }, { relations, report }) => {
  const { path, parent } = object;
  if (relations.certificates.length < 2 || pathStem(path) === path) return;
  const container = parent === null ? undefined : relations.objectAt(parent)?.content.type;
  // PKCS#7 holds a set, and the reader of PKCS#12 orders its certificates.
  if (container === 'PKCS7' || container === 'PKCS12') return;

  const bundle = relations.bundleOf(object);
  const leaves = bundle.filter(({ material }) => !isAuthority(material));
  const [leaf] = leaves;
  // Several leaves, or none, are a collection and no chain.
  if (leaf === undefined || leaves.length > 1) return;
  const chain = longestWithin(leaf, bundle, relations);
  const expected = chain.indexOf(node);
  if (expected < 0) return;
  const found = bundle.indexOf(node);
  if (found !== expected)
    report(
      'ChainOutOfOrder',
      `it stands in place ${found + 1} of ${bundle.length}, and belongs in place ${expected + 1}`,
    );
  const issuance = relations.issuanceOf(node);
  const isRoot =
    issuance.outcome === 'signed' &&
    issuance.issuers.some((issuer) => issuer.fingerprintSha256 === node.fingerprintSha256);
  if (isRoot && node !== leaf) report('RootInChain', 'it is the root of the chain in its file');
};

/** The longest part of a certificate's chains that lies within its file. */
function longestWithin(
  leaf: CertificateNode,
  bundle: readonly CertificateNode[],
  relations: Relations,
): readonly CertificateNode[] {
  let longest: readonly CertificateNode[] = [leaf];
  for (const { nodes } of relations.chainsOf(leaf)) {
    const within: CertificateNode[] = [];
    for (const { fingerprintSha256 } of nodes) {
      const member = bundle.find((candidate) => candidate.fingerprintSha256 === fingerprintSha256);
      if (member === undefined) break;
      within.push(member);
    }
    if (within.length > longest.length) longest = within;
  }
  return longest;
}

/** Whether the same object stands in several files, or twice in one. A kubeconfig may embed the object of a file. */
export const checkDuplicate: ObjectCheck = (object, { relations, report }) => {
  const first = relations.firstSame(object);
  if (first === undefined) return;
  if (relations.isFile(first) && relations.isFile(object)) report('DuplicateObject', `it is the same as ${first.path}`);
  else if (followsItself(object, relations)) report('DuplicateObject', 'it stands there twice');
};

function followsItself(object: DecodedObject, relations: Relations): boolean {
  const bundle = relations.bundleOf(object);
  const node = relations.certificateOf(object);
  const same = bundle.find(({ fingerprintSha256 }) => fingerprintSha256 === node?.fingerprintSha256);
  return same !== undefined && same !== node;
}
