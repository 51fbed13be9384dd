import { DerError } from '../../../pki/der.js';
import { displayDistinguishedName } from '../../../pki/distinguished-name.js';
import { extensionId } from '../../../pki/object-identifiers.js';
import { quote } from '../../../model/quote.js';
import type { CertificateMaterial } from '../../decoded.js';
import { type CertificateNode, isSelfIssued, placeOf } from '../../relations/certificate-node.js';
import type { CertificateCheck } from '../check.js';
import { extensionOctets } from '../extension-octets.js';
import {
  type ConstrainedName,
  constrainedNames,
  nameInWords,
  readNameConstraints,
  violation,
} from '../name-constraints.js';

const nameConstraints = '2.5.29.30';

/** RFC 5280 4.2.1.10. One chain whose CAs allow every name is enough. */
export const checkNameConstraints: CertificateCheck = ({ material, node, authority }, { relations, report }) => {
  // What a CA issues to its own name is not held to them.
  if (authority && isSelfIssued(material)) return;
  const chains = relations.chainsOf(node);
  if (chains.every(({ nodes }) => nodes.length < 2)) return;
  let names: readonly ConstrainedName[] | null = null;
  const violations = chains.map(({ nodes }) => {
    for (const above of nodes.slice(1)) {
      const constraints = constraintsOf(above);
      if (constraints === null) continue;
      names ??= namesOf(material);
      const found = violation(names, constraints);
      if (found !== undefined) return { ...found, above };
    }
    return null;
  });
  const [first] = violations;
  if (first && violations.every((each) => each !== null))
    report(
      'NameConstraintViolated',
      `${quote(nameInWords(first.name, displayDistinguishedName))} is ${first.why} by ${placeOf(first.above)}`,
    );
};

function constraintsOf({ object, material }: CertificateNode) {
  const { content } = object ?? {};
  if (content?.type === 'Certificate' && !content.extensions.some(({ oid }) => oid === nameConstraints)) return null;
  const value = extensionOctets(material.der, nameConstraints);
  return value && orNull(() => readNameConstraints(value));
}

const namesOf = ({ der, subject }: CertificateMaterial): readonly ConstrainedName[] =>
  orNull(() => constrainedNames(subject, extensionOctets(der, extensionId.subjectAltName))) ?? [];

/** What is malformed is told when it is read. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DerError) return null;
    throw error;
  }
}
