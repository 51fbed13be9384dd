import { attributeType } from '../../x509/strict/object-identifiers.js';
import { Tag } from '../../x509/strict/der.js';
import { quote } from '../../model/quote.js';
import type { Report } from '../observations.js';
import { isStringType, typeName } from './directory-string.js';
import { attributeLabel, type ReadAttribute, type ReadName, textsOf } from './describe-name.js';

/** What is to be noticed about a name, whoever's it is: `what` is `the subject`, `the issuer`. */
export function observeName(name: ReadName, what: string, report: Report): void {
  const unusual = new Set<string>();
  for (const rdn of name.rdns) {
    if (rdn.length === 0) report('MalformedString', `${what} has an RDN without attributes`);
    for (const attribute of rdn) {
      observeString(attribute, what, report);
      if (isUnusual(attribute)) unusual.add(`${attributeLabel(attribute.type)} (${typeName(attribute.valueTag)})`);
    }
  }
  if (unusual.size > 0) report('UnusualStringType', `${what} has ${[...unusual].slice(0, 10).join(', ')}`);
}

/** What makes a subject say two things. */
export function observeSubject(subject: ReadName, report: Report): void {
  observeName(subject, 'the subject', report);
  const commonNames = textsOf(subject, attributeType.commonName);
  if (commonNames.length > 1)
    report(
      'SeveralCommonNames',
      `the subject has ${commonNames.length} common names: ${commonNames.slice(0, 5).map(quoteText).join(', ')}`,
    );
  for (const rdn of subject.rdns) {
    const types = new Set(rdn.map(({ type }) => type));
    if (types.size > 1)
      report(
        'MixedMultiValuedRdn',
        `an RDN of the subject holds ${[...types].slice(0, 10).map(attributeLabel).join(' and ')}`,
      );
  }
}

/** RFC 5280 4.1.2.4: of these two types, whatever the attribute; IA5String where the attribute is defined by it. */
function isUnusual({ type, valueTag }: ReadAttribute): boolean {
  if (valueTag === Tag.UTF8_STRING || valueTag === Tag.PRINTABLE_STRING || !isStringType(valueTag)) return false;
  const isIa5 = type === attributeType.emailAddress || type === attributeType.domainComponent;
  return !(isIa5 && valueTag === Tag.IA5_STRING);
}

const plain = /^[\x20-\x7e]*$/;
/** What moves a cursor, turns text around or is drawn as nothing. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

function observeString({ type, valueTag, text, proper }: ReadAttribute, what: string, report: Report): void {
  if (!isStringType(valueTag)) {
    // X.520 has a few attributes that are no strings, such as the x500UniqueIdentifier, a BIT STRING.
    if (valueTag !== Tag.BIT_STRING || type !== x500UniqueIdentifier)
      report('MalformedString', `${attributeLabel(type)} of ${what} is a ${typeName(valueTag)}, no string`);
    return;
  }
  if (!proper)
    report(
      'MalformedString',
      `${attributeLabel(type)} of ${what} has octets that a ${typeName(valueTag)} does not allow` +
        (text === null ? '' : `: ${quoteText(text)}`),
    );
  if (text !== null && !plain.test(text) && unseen.test(text))
    report('DeceptiveName', `${attributeLabel(type)} of ${what} holds characters that do not show: ${quoteText(text)}`);
}

const x500UniqueIdentifier = '2.5.4.45';

const quoteText = (text: string): string => quote(text.slice(0, 200));
