import { isAscii } from 'node:buffer';
import { attributeType, displayDistinguishedName, displayIpAddress, Tag } from '@kubepass/x509';
import { objectNames } from '@kubepass/x509/openssl-text';
import {
  count,
  decodeString,
  type GeneralName,
  type GeneralNameType,
  isStringType,
  type NameTree,
  type NameTreeAttribute,
  stringTypeName,
  type Subtree,
  textsOf,
} from '@kubepass/x509/tree';
import { quote } from '../formats/text/quote.js';
import type { NameAttributeContent, NameContent } from '../model/inspection.js';
import type { Report } from '../model/decoded.js';
import { isGoString, observeIdentifier, whyNotGoBase } from './go-rules.js';

/** A GeneralName (RFC 5280 4.2.1.6) in plain JSON. */
export interface GeneralNameContent {
  readonly type: GeneralNameType;
  /** The kind of an otherName, dotted. */
  readonly typeId?: string;
  /** As text; null where it has none. */
  readonly value: string | null;
  /** DER of the value; null where `value` is there. */
  readonly hex: string | null;
}

/** Describes a GeneralName, and reports text that hides characters or is no IA5String. */
export function describeGeneralName(name: GeneralName, report: Report): GeneralNameContent {
  const { type } = name;
  switch (type) {
    case 'otherName': {
      const { typeId, value } = name;
      const { text } = decodeString(value.tag, value.content);
      return { type, typeId, value: text, hex: text === null ? value.raw.toString('hex') : null };
    }
    case 'rfc822Name':
    case 'dNSName':
    case 'uniformResourceIdentifier': {
      const value = name.octets.toString('latin1');
      if (!plain.test(value)) reportText(`the ${type} ${quote(value.slice(0, 200))}`, isAscii(name.octets), report);
      return { type, value, hex: null };
    }
    case 'directoryName':
      return { type, value: displayDistinguishedName(name.name), hex: null };
    case 'iPAddress': {
      const value = displayIpAddress(name.octets);
      return { type, value, hex: value === null ? name.raw.toString('hex') : null };
    }
    case 'registeredID':
      return { type, value: name.id, hex: null };
    case 'x400Address':
    case 'ediPartyName':
      return { type, value: null, hex: name.raw.toString('hex') };
  }
}

export const describeGeneralNames = (names: readonly GeneralName[], report: Report): GeneralNameContent[] =>
  names.map((name) => describeGeneralName(name, report));

/** RFC 5280 wants at least one of what stands in most lists (SIZE (1..MAX)). */
export function atLeastOne<T>(list: readonly T[], what: string, report: Report): readonly T[] {
  if (list.length === 0) report('MalformedExtension', `${what} is empty`);
  return list;
}

/** The subtrees of name constraints: their bases, an address with its mask. */
export const describeSubtrees = (list: readonly Subtree[], report: Report): GeneralNameContent[] =>
  atLeastOne(list, 'a list of subtrees', report).map(({ base, minimum, maximum }) => {
    const content = describeGeneralName(base, report);
    // RFC 5280 4.2.1.10: minimum is zero, and maximum is absent.
    if ((minimum && count(minimum) !== 0) || maximum)
      report('MalformedExtension', 'a subtree has a minimum or a maximum');
    const problem = whyNotGoBase(base);
    if (problem !== null) report('MalformedExtension', `${quoteText(content.value ?? '')} ${problem}`);
    return content.type === 'iPAddress' ? subnet(base.octets, report) : content;
  });

/** An address with its mask behind it: `10.0.0.0/8`, `10.0.0.0/255.0.255.0`. */
function subnet(octets: Buffer, report: Report): GeneralNameContent {
  const type = 'iPAddress';
  const size = octets.length / 2;
  const mask = octets.subarray(size);
  const address = size === 4 || size === 16 ? displayIpAddress(octets.subarray(0, size)) : null;
  if (address === null) {
    report('MalformedExtension', `an address and its mask have ${octets.length} octets, neither 8 nor 32`);
    return { type, value: null, hex: octets.toString('hex') };
  }
  const length = prefixLength(mask);
  const value = `${address}/${length ?? displayIpAddress(mask) ?? ''}`;
  // RFC 4632 3.1, to which RFC 5280 4.2.1.10 leads.
  if (length === null) report('MalformedExtension', `the mask of ${value} has ones behind a zero: Go loads no such CA`);
  return { type, value, hex: null };
}

/** How many ones the mask begins with; null where more of them follow a zero. */
function prefixLength(mask: Buffer): number | null {
  const bits = [...mask].map((octet) => octet.toString(2).padStart(8, '0')).join('');
  const ones = /^1*/.exec(bits)?.[0].length ?? 0;
  return bits.includes('1', ones) ? null : ones;
}

/** An IA5String is ASCII; other octets are shown as ISO 8859-1. */
function reportText(what: string, isIa5: boolean, report: Report): void {
  if (isIa5) report('DeceptiveName', `${what} holds characters that do not show`);
  else report('MalformedString', `${what} has octets that are not of an IA5String`);
}

export const nameContent = (name: NameTree): NameContent => ({
  text: displayDistinguishedName(name),
  rdns: name.rdns.map((rdn) => rdn.map(attributeContent)),
});

export const attributeContent = (attribute: NameTreeAttribute): NameAttributeContent => ({
  type: attributeLabel(attribute.type),
  oid: attribute.type,
  value: attribute.text,
  stringType: stringTypeName(attribute.valueTag),
  hex: attribute.text === null ? attribute.valueRaw.toString('hex') : null,
});

/** `CN`, `O` …; the dotted identifier where OpenSSL has no short name either. */
export const attributeLabel = (type: string): string =>
  type === attributeType.streetAddress ? 'STREET' : (objectNames.short(type) ?? type);

/** Reports the oddities of any name. `what` is `the subject` or `the issuer`. */
export function observeName(name: NameTree, what: string, report: Report): void {
  const unusual = new Set<string>();
  for (const rdn of name.rdns) {
    if (rdn.length === 0) report('MalformedString', `${what} has an RDN without attributes`);
    for (const attribute of rdn) {
      observeString(attribute, what, report);
      if (isUnusual(attribute))
        unusual.add(`${attributeLabel(attribute.type)} (${stringTypeName(attribute.valueTag)})`);
    }
  }
  if (unusual.size > 0) report('UnusualStringType', `${what} has ${[...unusual].slice(0, 10).join(', ')}`);
}

/** RFC 5280 appendix A.1: ub-common-name, ub-organization-name and ub-organizational-unit-name are 64 characters. */
const bounded: ReadonlySet<string> = new Set(['CN', 'O', 'OU']);
const tooLong = /^.{65}/su;

/** Reports the oddities of a subject, first of all those that give it two readings. */
export function observeSubject(subject: NameTree, isCa: boolean, report: Report): void {
  observeName(subject, 'the subject', report);
  const commonNames = textsOf(subject, attributeType.commonName);
  if (commonNames.length > 1)
    report(
      isCa ? 'CaWithSeveralCommonNames' : 'SeveralCommonNames',
      `the subject has ${commonNames.length} common names: ${commonNames.slice(0, 5).map(quoteText).join(', ')}`,
    );
  for (const rdn of subject.rdns) {
    for (const { type, text } of rdn)
      if (text !== null && text.length > 64 && tooLong.test(text) && bounded.has(attributeLabel(type)))
        report('NameTooLong', `${attributeLabel(type)} of the subject has more than 64 characters`);
    const types = new Set(rdn.map(({ type }) => type));
    if (types.size > 1)
      report(
        'MixedMultiValuedRdn',
        `an RDN of the subject holds ${[...types].slice(0, 10).map(attributeLabel).join(' and ')}`,
      );
  }
}

/** RFC 5280 4.1.2.4 allows two string types, and IA5String where the definition of the attribute asks for it. */
function isUnusual({ type, valueTag }: NameTreeAttribute): boolean {
  if (valueTag === Tag.UTF8_STRING || valueTag === Tag.PRINTABLE_STRING || !isStringType(valueTag)) return false;
  const isIa5 = type === attributeType.emailAddress || type === attributeType.domainComponent;
  return !(isIa5 && valueTag === Tag.IA5_STRING);
}

const plain = /^[\x20-\x7e]*$/;
/** Characters that move a cursor, turn text around or are drawn as nothing. */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/u;

const x500UniqueIdentifier = '2.5.4.45';

function observeString({ type, valueTag, text, proper }: NameTreeAttribute, what: string, report: Report): void {
  observeIdentifier(type, report);
  if (!isStringType(valueTag)) {
    // X.520 defines a few attributes that are no strings, such as the x500UniqueIdentifier, a BIT STRING.
    const code = valueTag === Tag.BIT_STRING && type === x500UniqueIdentifier ? 'NotLoadable' : 'MalformedString';
    report(code, `${attributeLabel(type)} of ${what} is a ${stringTypeName(valueTag)}, no string`);
    return;
  }
  if (!isGoString(valueTag, text))
    report('NotLoadable', `${attributeLabel(type)} of ${what} is a ${stringTypeName(valueTag)} that Go does not read`);
  if (!proper)
    report(
      'MalformedString',
      `${attributeLabel(type)} of ${what} has octets that a ${stringTypeName(valueTag)} does not allow` +
        (text === null ? '' : `: ${quoteText(text)}`),
    );
  if (text !== null && !plain.test(text) && unseen.test(text))
    report('DeceptiveName', `${attributeLabel(type)} of ${what} holds characters that do not show: ${quoteText(text)}`);
}

const quoteText = (text: string): string => quote(text.slice(0, 200));
