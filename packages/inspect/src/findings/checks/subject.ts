import { isPrivilegedName, isSystemName } from '../../formats/text/privileged-names.js';
import { quote, quoteAll } from '../../formats/text/quote.js';
import { attributeType, keyPurpose } from '@kubepass/x509';
import { isOfTalos } from '../../x509/role-of.js';
import type { CertificateCheck, ObjectCheck } from './check.js';

/** The attributes that API servers read: username, groups, and since 1.33 a uid. */
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
  // The API of Talos reads no common name; a kubeconfig is for Kubernetes in any case.
  const isForKubernetes = use?.as === 'client' || (isClient && !isOfTalos(content.subject));
  if (!authority && isForKubernetes && !isNamed)
    report('NoCommonName', 'it is for a client, and its subject has no common name');
  if (content.role === 'User' && others.size > 0)
    report('UnexpectedSubjectAttribute', `the subject has ${[...others].slice(0, 10).join(', ')}`);
};

/** Whether a certificate or a request is for a username or a group with the rights of the cluster itself. */
export const checkPrivilegedNames: ObjectCheck = ({ content }, { report }) => {
  if (content.type !== 'Certificate' && content.type !== 'CertificationRequest') return;
  if (content.kubernetes === null) return;
  const { username, groups } = content.kubernetes;
  // Compared as Kubernetes compares it: byte by byte.
  if (groups.includes('system:masters')) report('SystemMasters', `${quote(username)} is a member of system:masters`);
  if (isSystemName(username) || isPrivilegedName(username))
    report('PrivilegedName', `the username ${quote(username)} is one that a component of a cluster bears`);
  const privileged = groups.filter(
    (group) => group !== 'system:masters' && (isSystemName(group) || isPrivilegedName(group)),
  );
  if (privileged.length > 0)
    report(
      'PrivilegedName',
      `the group${privileged.length === 1 ? '' : 's'} ${quoteAll(privileged.slice(0, 10))} ${privileged.length === 1 ? 'is' : 'are'} reserved or commonly privileged`,
    );
};
