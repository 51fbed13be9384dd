import type { DecodedObject } from '../../decoded.js';
import type { Relations } from '../../relations/relate.js';
import type { ObjectCheck } from '../check.js';

/** The same object again among files, or in one. That a kubeconfig embeds what stands in a file is as it should be. */
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
