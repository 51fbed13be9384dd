import { durationInWords } from '../../../formats/text/duration-in-words.js';
import type { ObjectCheck } from '../check.js';

/** RFC 5280 5.1.2.5 */
export const checkCertificateList: ObjectCheck = ({ content, material }, { context, report }) => {
  if (content.type !== 'CertificateList') return;
  const { nextUpdate } = material?.kind === 'list' ? material : { nextUpdate: null };
  const overdue = nextUpdate === null ? 0 : (context.now.getTime() - nextUpdate.getTime()) / 1000;
  if (overdue > 0 && content.nextUpdate !== null)
    report('ListExpired', `the next one was due ${durationInWords(overdue)} ago, at ${content.nextUpdate}`);
  report('ListNotConsulted', 'no component of Kubernetes looks whether a certificate is on it');
};
