import { DerError } from '../../../x509/strict/der.js';
import { extensionId } from '../../../x509/strict/object-identifiers.js';
import { quote } from '../../../model/quote.js';
import type { CertificateMaterial } from '../../decoded.js';
import { isSelfIssued, placeOf } from '../../relations/certificate-node.js';
import type { CertificateCheck } from '../check.js';
import { extensionOctets } from '../extension-octets.js';
import {
  type ConstrainedName,
  constrainedNames,
  type NameConstraints,
  readNameConstraints,
  violation,
} from '../name-constraints.js';

const nameConstraints = '2.5.29.30';

/** RFC 5280 4.2.1.10. One chain whose CAs allow every name is enough. */
export const checkNameConstraints: CertificateCheck = ({ material, node, authority }, { relations, report, spend }) => {
  // What a CA issues to its own name is not held to them.
  if (authority && isSelfIssued(material)) return;
  const chains = relations.chainsOf(node);
  if (chains.every(({ nodes }) => nodes.length < 2)) return;
  let names: readonly ConstrainedName[] | null = null;
  const violations = chains.map(({ nodes }) => {
    for (const above of nodes.slice(1)) {
      const constraints = constraintsOf(above.material);
      if (constraints === null) continue;
      names ??= namesOf(material);
      const found = violation(names, constraints, spend);
      if (found !== undefined) return { ...found, above };
    }
    return null;
  });
  const [first] = violations;
  if (first && violations.every((each) => each !== null))
    report('NameConstraintViolated', `${quote(first.name.text)} is ${first.why} by ${placeOf(first.above)}`);
};

/** Read once for each CA: many certificates and chains are held to the same ones. */
const constraintsByCa = new WeakMap<CertificateMaterial, NameConstraints | 'none'>();

function constraintsOf(authority: CertificateMaterial): NameConstraints | null {
  let constraints = constraintsByCa.get(authority);
  if (constraints === undefined) {
    const value = extensionOctets(authority.der, nameConstraints);
    constraints = (value && orNull(() => readNameConstraints(value))) ?? 'none';
    constraintsByCa.set(authority, constraints);
  }
  return constraints === 'none' ? null : constraints;
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
