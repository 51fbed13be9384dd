import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  inside,
  onlyElement,
  Tag,
} from '../../pki/der.js';
import { type DistinguishedName, readDistinguishedName } from '../../pki/distinguished-name.js';
import { attributeType } from '../../pki/object-identifiers.js';

/** A name that constraints speak about: RFC 5280 4.2.1.10. */
export type ConstrainedName =
  | { readonly kind: 'dns' | 'email' | 'uri'; readonly text: string }
  | { readonly kind: 'ip'; readonly octets: Buffer }
  | { readonly kind: 'directory'; readonly name: DistinguishedName };

export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** Reads the extension. Throws `DerError`. */
export function readNameConstraints(value: Buffer): NameConstraints {
  const element = onlyElement(value, 'NameConstraints');
  if (element.tag !== Tag.SEQUENCE) throw new DerError('NameConstraints are expected', element.offset);
  const fields = inside(element);
  const permitted = fields.optional(contextConstructed(0));
  const excluded = fields.optional(contextConstructed(1));
  return { permitted: readSubtrees(permitted), excluded: readSubtrees(excluded) };
}

function readSubtrees(subtrees: DerElement | undefined): readonly ConstrainedName[] {
  const bases: ConstrainedName[] = [];
  const reader = subtrees && inside(subtrees);
  while (reader && !reader.atEnd) {
    const base = readGeneralName(inside(reader.expect(Tag.SEQUENCE, 'a subtree')).next());
    if (base !== null) bases.push(base);
  }
  return bases;
}

/** Null for a kind that no constraint is looked at of. Throws `DerError`. */
function readGeneralName(element: DerElement): ConstrainedName | null {
  const { tag, content } = element;
  switch (tag) {
    case contextPrimitive(1):
      return { kind: 'email', text: content.toString('latin1') };
    case contextPrimitive(2):
      return { kind: 'dns', text: content.toString('latin1') };
    case contextConstructed(4):
      return { kind: 'directory', name: readDistinguishedName(inside(element).next()) };
    case contextPrimitive(6):
      return { kind: 'uri', text: content.toString('latin1') };
    case contextPrimitive(7):
      return { kind: 'ip', octets: content };
    default:
      return null;
  }
}

/**
 * The names that the CAs above a certificate may constrain: subject and subject alternative names; the mailboxes of
 * the subject where there are no others. `alternatives` is the extension's value. Throws `DerError`.
 */
export function constrainedNames(subject: Buffer, alternatives: Buffer | null): readonly ConstrainedName[] {
  const names: ConstrainedName[] = [];
  const name = readDistinguishedName(onlyElement(subject, 'the subject'));
  if (name.rdns.length > 0) names.push({ kind: 'directory', name });
  if (alternatives !== null) {
    const reader = inside(onlyElement(alternatives, 'GeneralNames'));
    while (!reader.atEnd) {
      const alternative = readGeneralName(reader.next());
      if (alternative !== null) names.push(alternative);
    }
  }
  if (!names.some(({ kind }) => kind === 'email'))
    for (const { type, text } of name.rdns.flat())
      if (type === attributeType.emailAddress && text !== null) names.push({ kind: 'email', text });
  return names;
}

/** The first name that a CA with these constraints does not allow; undefined where it allows all. */
export function violation(
  names: readonly ConstrainedName[],
  { permitted, excluded }: NameConstraints,
): { readonly name: ConstrainedName; readonly why: 'excluded' | 'not permitted' } | undefined {
  for (const name of names) {
    if (excluded.some((base) => isWithin(name, base) || mayExpandInto(name, base))) return { name, why: 'excluded' };
    const ofItsKind = permitted.filter(({ kind }) => kind === name.kind);
    if (ofItsKind.length > 0 && !ofItsKind.some((base) => isWithin(name, base))) return { name, why: 'not permitted' };
  }
  return undefined;
}

/** Whether a name lies in the subtree under a base of its kind. */
export function isWithin(name: ConstrainedName, base: ConstrainedName): boolean {
  switch (name.kind) {
    case 'dns':
      return base.kind === 'dns' && isUnderDomain(name.text, base.text);
    case 'email':
      return base.kind === 'email' && isMailboxWithin(name.text, base.text);
    case 'uri':
      return base.kind === 'uri' && isHostWithin(hostOfUri(name.text), base.text);
    case 'ip':
      return base.kind === 'ip' && isAddressWithin(name.octets, base.octets);
    case 'directory':
      return base.kind === 'directory' && isNameWithin(name.name, base.name);
  }
}

/** A wildcard is good for a host that is excluded although it is not that host. */
function mayExpandInto(name: ConstrainedName, base: ConstrainedName): boolean {
  if (name.kind !== 'dns' || base.kind !== 'dns' || !name.text.startsWith('*.')) return false;
  const dot = base.text.indexOf('.', 1);
  return dot > 0 && lower(base.text.slice(dot)) === lower(name.text.slice(1));
}

const lower = (text: string): string => text.toLowerCase();

/** Any name that is made by adding labels on the left, or none; a leading dot, as Go and OpenSSL read it: at least one. */
function isUnderDomain(name: string, base: string): boolean {
  const [domain, under] = [lower(name).replace(/\.$/, ''), lower(base)];
  if (under === '') return true;
  return under.startsWith('.') ? domain.endsWith(under) : domain === under || domain.endsWith(`.${under}`);
}

/** Of mailboxes and URIs: a host, or with a leading dot all that lie under it. */
function isHostWithin(host: string | null, base: string): boolean {
  if (host === null) return false;
  return base.startsWith('.') ? lower(host).endsWith(lower(base)) : lower(host) === lower(base);
}

function isMailboxWithin(mailbox: string, base: string): boolean {
  const at = mailbox.lastIndexOf('@');
  const host = mailbox.slice(at + 1);
  const baseAt = base.lastIndexOf('@');
  if (baseAt < 0) return isHostWithin(host, base);
  return mailbox.slice(0, at) === base.slice(0, baseAt) && lower(host) === lower(base.slice(baseAt + 1));
}

/** Null for a URI without a host that is a name: RFC 5280 has such a one refused. */
function hostOfUri(uri: string): string | null {
  const host = /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:[^/?#]*@)?([^/?#:[\]]+)(?::\d*)?(?:[/?#]|$)/.exec(uri)?.[1];
  return host === undefined || /^\d+(?:\.\d+){3}$/.test(host) ? null : host;
}

/** An address and its mask, of the same family. */
function isAddressWithin(address: Buffer, base: Buffer): boolean {
  const size = address.length;
  if (base.length !== size * 2) return false;
  return address.every((octet, i) => {
    const mask = base[size + i] ?? 0;
    return (octet & mask) === ((base[i] ?? 0) & mask);
  });
}

/** Its RDNs begin with those of the base. */
function isNameWithin(name: DistinguishedName, base: DistinguishedName): boolean {
  return base.rdns.every((rdn, i) => {
    const other = name.rdns[i];
    return (
      other?.length === rdn.length && rdn.every((attribute) => other.some((each) => isSameAttribute(each, attribute)))
    );
  });
}

type Attribute = DistinguishedName['rdns'][number][number];

/** RFC 5280 7.1: neither case nor runs of spaces nor the string type make a difference. */
function isSameAttribute(a: Attribute, b: Attribute): boolean {
  if (a.type !== b.type) return false;
  if (a.text === null || b.text === null) return a.valueRaw.equals(b.valueRaw);
  return comparable(a.text) === comparable(b.text);
}

const comparable = (text: string): string => text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');

/** How a message writes a name. */
export function nameInWords(name: ConstrainedName, write: (name: DistinguishedName) => string): string {
  switch (name.kind) {
    case 'directory':
      return write(name.name);
    case 'ip':
      return name.octets.length === 4
        ? name.octets.join('.')
        : (name.octets.toString('hex').match(/.{4}/g) ?? []).join(':');
    default:
      return name.text;
  }
}
