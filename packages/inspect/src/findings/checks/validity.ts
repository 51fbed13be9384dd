import { BACKDATE_SECONDS } from '@kubepass/x509';
import { counted, durationInWords } from '../../formats/text/duration-in-words.js';
import { namesNobody } from '../../relations/certificate-node.js';
import { issuersIn } from '../../relations/find-issuers.js';
import type { CertificateCheck, ObjectCheck } from './check.js';

/** RFC 5280 4.1.2.5: the last instant that a time can express means no end. */
const never = Date.UTC(9999, 11, 31, 23, 59, 59);

const DAY = 86_400;

/** By so much CAs exceed whole years: software backdates them, and counts years in local time. */
const HOUR = 3_600;

export const checkValidity: CertificateCheck = (
  { content, material, authority, node },
  { relations, context, report },
) => {
  const now = context.now.getTime();
  const begins = material.notBefore.getTime();
  const ends = material.notAfter.getTime();
  const { expiresWithinSeconds, inWholeLife = false, maxValiditySeconds, maxCaValiditySeconds } = context.thresholds;
  const lifetime = (ends - begins) / 1000;
  const remaining = (ends - now) / 1000;

  if (remaining < 0)
    report('CertificateExpired', `it expired ${durationInWords(remaining)} ago, at ${content.notAfter}`);
  else if (begins > now)
    report('CertificateNotYetValid', `it begins in ${durationInWords((begins - now) / 1000)}, at ${content.notBefore}`);
  // Clients renew in the last third, so a certificate that lives for hours is in order until then.
  else if (remaining <= Math.min(expiresWithinSeconds, inWholeLife ? Infinity : lifetime / 3))
    report('CertificateExpiresSoon', `it expires in ${durationInWords(remaining)}, at ${content.notAfter}`);
  else if (remaining < DAY)
    report('CertificateEndsWithinDay', `it ends in ${durationInWords(remaining)}, at ${content.notAfter}`);

  const revocation = content.inventory?.revocation;
  if (revocation) report('CertificateRevoked', `it was revoked at ${revocation.revokedAt} (${revocation.reason})`);

  const most = authority ? maxCaValiditySeconds : maxValiditySeconds;
  const limit = most + (authority ? HOUR : BACKDATE_SECONDS);
  // A root counts because somebody has it in a list of CAs, and can be taken out of the list at any time.
  const isRoot = authority && content.selfSigned === true;
  if (lifetime <= limit || ends === never || isRoot) return;
  // k3s and older kubeadm let what they renew begin when its CA began. Only the rest of it was given.
  const beganWithCa = issuersIn(relations.issuanceOf(node)).some((ca) => ca.material.notBefore.getTime() === begins);
  if (remaining > limit || !beganWithCa || content.selfSigned !== false)
    report(
      'ValidityTooLong',
      `it is valid for ${inDays(lifetime)}, and ${authority ? 'a CA' : 'what is no CA'} should be for at most ${inDays(most)}`,
    );
};

/** To the day, so that two different lifetimes do not read the same. */
const inDays = (seconds: number): string =>
  seconds < 86_400 ? durationInWords(seconds) : counted(Math.floor(seconds / 86_400), 'day');

/** Whether a certificate list is out of date (RFC 5280 5.1.2.5), or lacks a part. Kubernetes reads none in any case. */
export const checkCertificateList: ObjectCheck = ({ content, material }, { context, report }) => {
  if (content.type !== 'CertificateList') return;
  const { nextUpdate = null, authorityKeyIdentifier = null } = material?.kind === 'list' ? material : {};
  const overdue = nextUpdate === null ? 0 : (context.now.getTime() - nextUpdate.getTime()) / 1000;
  if (overdue > 0 && content.nextUpdate !== null)
    report('ListExpired', `the next one was due ${durationInWords(overdue)} ago, at ${content.nextUpdate}`);
  const lack = (id: string, what: string) => (content.extensions.some(({ oid }) => oid === id) ? [] : [what]);
  const lacks = [
    ...(content.nextUpdate === null ? ['nextUpdate'] : []),
    ...lack('2.5.29.35', 'authority key identifier'),
    ...(authorityKeyIdentifier && namesNobody(authorityKeyIdentifier) ? ['key in its authority key identifier'] : []),
    ...lack('2.5.29.20', 'CRL number'),
  ];
  if (lacks.length > 0) report('ListIncomplete', `it has no ${lacks.join(', no ')}`);
  // With extensions its version contradicts it, which was reported when it was read.
  if (content.version === 1 && content.extensions.length === 0) report('ListOfVersion1', 'it is of version 1');
  report('ListNotConsulted', 'no component of Kubernetes looks whether a certificate is on it');
};
