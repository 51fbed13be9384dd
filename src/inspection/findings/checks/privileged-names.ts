import { isPrivilegedGroup, isPrivilegedUsername, isSystemName } from '../../../model/name-grammar.js';
import { quote, quoteAll } from '../../../model/quote.js';
import type { DecodedObject } from '../../decoded.js';
import type { Setting } from '../check.js';

/** As whom a certificate makes its bearer known to an API server, or a request wants to. */
export function checkPrivilegedNames({ content }: DecodedObject, { report }: Pick<Setting, 'report'>): void {
  if (content.type !== 'Certificate' && content.type !== 'CertificationRequest') return;
  if (content.kubernetes === null) return;
  const { username, groups } = content.kubernetes;
  // Compared as Kubernetes compares it: byte by byte.
  if (groups.includes('system:masters')) report('SystemMasters', `${quote(username)} is a member of system:masters`);
  if (isSystemName(username) || isPrivilegedUsername(username))
    report('PrivilegedName', `the username ${quote(username)} is one that a component of a cluster bears`);
  const privileged = groups.filter(
    (group) => group !== 'system:masters' && (isSystemName(group) || isPrivilegedGroup(group)),
  );
  if (privileged.length > 0)
    report(
      'PrivilegedName',
      `the group${privileged.length === 1 ? '' : 's'} ${quoteAll(privileged.slice(0, 10))} ${privileged.length === 1 ? 'is' : 'are'} reserved or commonly privileged`,
    );
}
