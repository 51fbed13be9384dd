import { isSetOfSorted, Tag } from './der.js';
import { displayAttributeType, type DistinguishedName, type NameAttribute } from './distinguished-name.js';
import { attributeType } from './object-identifiers.js';
import { refuse, type RefusedInput } from './input-refusal.js';

/** The user that a certificate authenticates: CN is the username, each O a group. */
export interface SubjectIdentity {
  readonly username: string;
  /** As the subject lists them; unique. */
  readonly groups: readonly string[];
}

/** Bounds of a requested subject. */
export const subjectBounds = {
  /** RFC 5280 appendix A: ub-common-name and ub-organization-name, in characters. */
  nameCharacters: 64,
  groups: 32,
} as const;

export type SubjectRefusalReason =
  | 'NoCommonName'
  | 'SeveralCommonNames'
  | 'MultiValuedRdn'
  | 'UnsortedRdn'
  | 'SubjectAttributeNotAllowed'
  | 'StringTypeNotAllowed'
  | 'MalformedString'
  | 'NulInName'
  | 'EmptyName'
  | 'DuplicateGroup';

/**
 * Reads username and groups from a subject that every parser reads alike, and refuses any other. There is exactly one
 * CN and nothing else but O. A multi-valued RDN holds only O values, as Go clients and the in-tree signer write it.
 * Strings are UTF8String or PrintableString, without octets that one reader keeps and another drops. Policy decides
 * which names are permitted.
 */
export function readSubjectIdentity(
  subject: DistinguishedName,
): ({ readonly ok: true } & SubjectIdentity) | RefusedInput<SubjectRefusalReason> {
  let username: string | null = null;
  const groups = new Set<string>();
  for (const rdn of subject.rdns) {
    for (const attribute of rdn) {
      const refused = refuseAttribute(attribute);
      if (refused !== null) return refused;
    }
    if (rdn.length > 1 && rdn.some((attribute) => attribute.type !== attributeType.organizationName))
      return refuse('MultiValuedRdn', 'an RDN of the subject has several values, and not all of them are O');
    if (!isSetOfSorted(rdn)) return refuse('UnsortedRdn', 'the values of an RDN of the subject are not in DER order');
    for (const attribute of rdn) {
      const text = attribute.text ?? '';
      if (attribute.type === attributeType.organizationName) {
        if (groups.has(text)) return refuse('DuplicateGroup', `the subject has O ${JSON.stringify(text)} twice`);
        groups.add(text);
      } else if (username !== null) {
        // Parsers disagree about which one counts: Go takes the last, others the first.
        return refuse('SeveralCommonNames', 'the subject has more than one CN');
      } else username = text;
    }
  }
  if (username === null) return refuse('NoCommonName', 'the subject has no CN');
  return { ok: true, username, groups: [...groups] };
}

function refuseAttribute(attribute: NameAttribute): RefusedInput<SubjectRefusalReason> | null {
  const { commonName, organizationName } = attributeType;
  if (attribute.type !== commonName && attribute.type !== organizationName)
    return refuse(
      'SubjectAttributeNotAllowed',
      `the subject has an attribute ${displayAttributeType(attribute.type)}; only CN and O may be`,
    );
  const name = attribute.type === commonName ? 'CN' : 'O';
  if (attribute.valueTag !== Tag.UTF8_STRING && attribute.valueTag !== Tag.PRINTABLE_STRING)
    return refuse('StringTypeNotAllowed', `${name} in the subject is neither a UTF8String nor a PrintableString`);
  if (attribute.text === null)
    return refuse('MalformedString', `${name} in the subject has octets that its string type does not allow`);
  if (attribute.text === '') return refuse('EmptyName', `${name} in the subject is empty`);
  // A reader that takes the octets for a C string would stop at a NUL.
  if (attribute.text.includes('\0')) return refuse('NulInName', `${name} in the subject contains a NUL`);
  return null;
}
