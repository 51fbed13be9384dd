import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  type DerReader,
  inside,
  Tag,
} from '../../../x509/strict/der.js';
import type { Report } from '../../observations.js';
import { attributeContent, readAttributes } from '../describe-name.js';
import { type GeneralNameContent, readGeneralNames } from '../general-name.js';
import { truth } from '../values.js';
import { fieldsOf, readSome, shown } from './extension-decoder.js';
import { namedBits } from './named-bits.js';

/** RFC 5280 4.2.1.13, 5.3.1. */
const reasonFlags = [
  'unused',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
  'aACompromise',
] as const;

/** CRL distribution points and freshest CRL (RFC 5280 4.2.1.13, 4.2.1.15). */
export const decodeDistributionPoints = shown((element, report) =>
  readSome(
    fieldsOf(element, Tag.SEQUENCE, 'CRLDistributionPoints'),
    'the list of distribution points',
    report,
    (reader) => readDistributionPoint(reader, report),
  ),
);

function readDistributionPoint(reader: DerReader, report: Report): object {
  const fields = inside(reader.expect(Tag.SEQUENCE, 'a DistributionPoint'));
  const name = fields.optional(contextConstructed(0));
  const reasons = fields.optional(contextPrimitive(1));
  const issuer = fields.optional(contextConstructed(2));
  fields.end('a DistributionPoint');
  return {
    distributionPoint: name ? readDistributionPointName(name, report) : null,
    reasons: reasons ? namedBits(reasons, reasonFlags, report) : null,
    cRLIssuer: issuer ? namesOf(issuer, report) : [],
  };
}

const namesOf = (element: DerElement, report: Report): GeneralNameContent[] =>
  readGeneralNames(element, report).map(({ content }) => content);

/** Under an EXPLICIT tag, since it is a CHOICE. */
function readDistributionPointName(explicit: DerElement, report: Report): object {
  const choice = inside(explicit);
  const name = choice.next();
  choice.end('a distributionPoint');
  if (name.tag === contextConstructed(0)) return { fullName: namesOf(name, report) };
  if (name.tag === contextConstructed(1))
    return { nameRelativeToCRLIssuer: readAttributes(name).map(attributeContent) };
  throw new DerError('a distributionPoint is of no known kind', name.offset);
}

/** RFC 5280 5.2.5. */
export const decodeIssuingDistributionPoint = shown((element, report) => {
  const fields = fieldsOf(element, Tag.SEQUENCE, 'IssuingDistributionPoint');
  const name = fields.optional(contextConstructed(0));
  const flag = (tag: number): boolean => {
    const value = fields.optional(contextPrimitive(tag));
    return value !== undefined && truth(value);
  };
  const onlyContainsUserCerts = flag(1);
  const onlyContainsCACerts = flag(2);
  const reasons = fields.optional(contextPrimitive(3));
  const indirectCRL = flag(4);
  const onlyContainsAttributeCerts = flag(5);
  fields.end('IssuingDistributionPoint');
  return {
    distributionPoint: name ? readDistributionPointName(name, report) : null,
    onlyContainsUserCerts,
    onlyContainsCACerts,
    onlySomeReasons: reasons ? namedBits(reasons, reasonFlags, report) : null,
    indirectCRL,
    onlyContainsAttributeCerts,
  };
});
