import { attributeType, keyPurpose } from '../../../x509/strict/object-identifiers.js';
import type { CertificateCheck } from '../check.js';

/** What API servers read of a subject: username, groups, and since 1.33 a uid. */
const readByKubernetes: ReadonlySet<string> = new Set([
  attributeType.commonName,
  attributeType.organizationName,
  '1.3.6.1.4.1.57683.2',
]);

/** Whether a client's subject names it, and names nothing that is not read. */
export const checkSubject: CertificateCheck = ({ content, material, authority, use }, { report }) => {
  const purposes = material.extKeyUsage ?? [];
  const isClient = purposes.includes(keyPurpose.clientAuth) && !purposes.includes(keyPurpose.serverAuth);
  let isNamed = false;
  const others = new Set<string>();
  for (const rdn of content.subject.rdns)
    for (const { oid, type, value } of rdn) {
      if (oid === attributeType.commonName && value !== '') isNamed = true;
      else if (!readByKubernetes.has(oid)) others.add(type);
    }
  if (!authority && (isClient || use?.as === 'client') && !isNamed)
    report('NoCommonName', 'it is for a client, and its subject has no common name');
  if (content.role === 'User' && others.size > 0)
    report('UnexpectedSubjectAttribute', `the subject has ${[...others].slice(0, 10).join(', ')}`);
};
