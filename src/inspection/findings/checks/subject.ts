import { attributeType, keyPurpose } from '../../../pki/object-identifiers.js';
import type { CertificateCheck } from '../check.js';

/** What API servers read of a subject: username, groups, and since 1.33 a uid. */
const readByKubernetes: ReadonlySet<string> = new Set([
  attributeType.commonName,
  attributeType.organizationName,
  '1.3.6.1.4.1.57683.2',
]);

/** Whether a client's subject names it, and names nothing that is not read. */
export const checkSubject: CertificateCheck = ({ content, material, authority, use }, { report }) => {
  const attributes = content.subject.rdns.flat();
  const purposes = material.extKeyUsage ?? [];
  const isClient = purposes.includes(keyPurpose.clientAuth) && !purposes.includes(keyPurpose.serverAuth);
  const isNamed = attributes.some(({ oid, value }) => oid === attributeType.commonName && value !== '');
  if (!authority && (isClient || use?.as === 'client') && !isNamed)
    report('NoCommonName', 'it is for a client, and its subject has no common name');

  if (content.role !== 'User') return;
  const others = new Set(attributes.filter(({ oid }) => !readByKubernetes.has(oid)).map(({ type }) => type));
  if (others.size > 0) report('UnexpectedSubjectAttribute', `the subject has ${[...others].slice(0, 10).join(', ')}`);
};
