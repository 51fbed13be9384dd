import { Tag } from '../../../x509/strict/der.js';
import type { SubjectAltNames } from '../../decoded.js';
import { type GeneralNameType, type ReadGeneralName, readGeneralNames } from '../general-name.js';
import { demand, type ExtensionDecoder, shown } from './extension-decoder.js';
import type { DerElement } from '../../../x509/strict/der.js';
import type { Report } from '../../observations.js';

function readNames(element: DerElement, report: Report): ReadGeneralName[] {
  const names = readGeneralNames(demand(element, Tag.SEQUENCE, 'GeneralNames'), report);
  if (names.length === 0) report('MalformedExtension', 'there is no name');
  for (const { content, octets } of names)
    if (content.type === 'iPAddress' && content.value === null)
      report('MalformedExtension', `an address has ${octets.length} octets, neither 4 nor 16`);
  return names;
}

/** RFC 5280 4.2.1.6. */
export const decodeSubjectAltName: ExtensionDecoder = (element, report) => {
  const names = readNames(element, report).map(({ content }) => content);
  const dns: string[] = [];
  const ip: string[] = [];
  const email: string[] = [];
  const uri: string[] = [];
  const lists: Partial<Record<GeneralNameType, string[]>> = {
    dNSName: dns,
    iPAddress: ip,
    rfc822Name: email,
    uniformResourceIdentifier: uri,
  };
  let others = 0;
  for (const { type, value } of names) {
    const list = lists[type];
    if (list === undefined) others++;
    else if (value !== null) list.push(value);
  }
  const subjectAltNames: SubjectAltNames = { dns, ip, email, uri, others };
  return { value: names, facts: { subjectAltNames } };
};

/** RFC 5280 4.2.1.7, 5.3.3. */
export const decodeGeneralNames = shown((element, report) => readNames(element, report).map(({ content }) => content));
