import { pathStem } from '../../relations/path-stem.js';
import type { ObjectCheck } from '../check.js';

/** The same object again among the files, or in one file. That a kubeconfig embeds what stands in a file is as it should be. */
export const checkDuplicate: ObjectCheck = (object, { relations, report }) => {
  const first = relations.firstSame(object);
  if (first === undefined) return;
  const inOneFile = first.parent === object.parent && pathStem(first.path) === pathStem(object.path);
  if (inOneFile || (isFile(first.parent) && isFile(object.parent)))
    report('DuplicateObject', `it is the same as ${first.path}`);

  function isFile(parent: string | null): boolean {
    return parent === null || relations.objectAt(parent)?.content.type === 'Archive';
  }
};
