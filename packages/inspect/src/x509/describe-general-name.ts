import { isAscii } from 'node:buffer';

import { quote } from '../formats/text/quote.js';
import { displayDistinguishedName, displayIpAddress } from '@kubepass/x509';
import { decodeString, type GeneralName, type GeneralNameType } from '@kubepass/x509/tree';
import type { Report } from '../model/observations.js';

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

const plain = /^[\x20-\x7e]*$/;

/** An IA5String is ASCII; other octets are shown as ISO 8859-1. */
function reportText(what: string, isIa5: boolean, report: Report): void {
  if (isIa5) report('DeceptiveName', `${what} holds characters that do not show`);
  else report('MalformedString', `${what} has octets that are not of an IA5String`);
}
