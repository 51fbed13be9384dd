import {
  contextConstructed,
  contextPrimitive,
  DerError,
  type DerElement,
  inside,
  onlyElement,
  Tag,
} from '../../x509/strict/der.js';
import {
  displayDistinguishedName,
  type DistinguishedName,
  type NameAttribute,
  readDistinguishedName,
} from '../../x509/strict/distinguished-name.js';
import { attributeType } from '../../x509/strict/object-identifiers.js';

/** A name that constraints speak about, or the base of a subtree of them (RFC 5280 4.2.1.10); hosts in lower case. */
export type ConstrainedName = { readonly text: string } & (
  | { readonly kind: 'dns'; readonly host: string }
  /** A mailbox has both; the base of mailboxes may have no local part. */
  | { readonly kind: 'email'; readonly local: string | null; readonly host: string }
  /** Null for a URI without a host that is a name. */
  | { readonly kind: 'uri'; readonly host: string | null }
  | { readonly kind: 'ip'; readonly octets: Buffer }
  | { readonly kind: 'directory'; readonly rdns: readonly (readonly Attribute[])[] }
);

/** An attribute, as RFC 5280 7.1 compares it. */
interface Attribute {
  readonly type: string;
  readonly comparable: string;
}

export interface NameConstraints {
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** Counts comparisons: an upload can ask for the product of all its names and all its constraints. */
export type Spend = () => void;

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
    const base = readGeneralName(inside(reader.expect(Tag.SEQUENCE, 'a subtree')).next(), 'base');
    if (base !== null) bases.push(base);
  }
  return bases;
}

/**
 * The names that the CAs above a certificate may constrain: subject and subject alternative names; the mailboxes of
 * the subject where there are no others. `alternatives` is the extension's value. Throws `DerError`.
 */
export function constrainedNames(subject: Buffer, alternatives: Buffer | null): readonly ConstrainedName[] {
  const names: ConstrainedName[] = [];
  const name = readDistinguishedName(onlyElement(subject, 'the subject'));
  if (name.rdns.length > 0) names.push(directoryName(name));
  if (alternatives !== null) {
    const reader = inside(onlyElement(alternatives, 'GeneralNames'));
    while (!reader.atEnd) {
      const alternative = readGeneralName(reader.next(), 'name');
      if (alternative !== null) names.push(alternative);
    }
  }
  if (!names.some(({ kind }) => kind === 'email'))
    for (const { type, text } of name.rdns.flat())
      if (type === attributeType.emailAddress && text !== null) names.push(mailbox(text));
  return names;
}

/** Null for a kind that no constraint is looked at of. Throws `DerError`. */
function readGeneralName(element: DerElement, as: 'name' | 'base'): ConstrainedName | null {
  const { tag, content } = element;
  const text = content.toString('latin1');
  switch (tag) {
    case contextPrimitive(1):
      return mailbox(text);
    case contextPrimitive(2):
      return { kind: 'dns', text, host: text.toLowerCase().replace(/\.$/, '') };
    case contextConstructed(4):
      return directoryName(readDistinguishedName(inside(element).next()));
    case contextPrimitive(6):
      return { kind: 'uri', text, host: as === 'base' ? text.toLowerCase() : hostOfUri(text) };
    case contextPrimitive(7):
      return { kind: 'ip', text: addressText(content), octets: content };
    default:
      return null;
  }
}

function mailbox(text: string): ConstrainedName {
  const at = text.lastIndexOf('@');
  return {
    kind: 'email',
    text,
    local: at < 0 ? null : text.slice(0, at),
    host: text.slice(at + 1).toLowerCase(),
  };
}

const directoryName = (name: DistinguishedName): ConstrainedName => ({
  kind: 'directory',
  text: displayDistinguishedName(name),
  rdns: name.rdns.map((rdn) => rdn.map((attribute) => ({ type: attribute.type, comparable: comparable(attribute) }))),
});

/** RFC 5280 7.1: neither case nor runs of spaces nor the string type make a difference. */
const comparable = ({ text, valueRaw }: NameAttribute): string =>
  text === null ? `#${valueRaw.toString('hex')}` : text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');

/** RFC 3986 3.2. RFC 5280 has a URI refused whose host is no name: there is none, or it is an address. */
function hostOfUri(uri: string): string | null {
  const start = uri.indexOf('://');
  if (start < 0) return null;
  const rest = uri.slice(start + 3);
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return host === '' || host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host) ? null : host.toLowerCase();
}

const addressText = (octets: Buffer): string =>
  octets.length === 4 ? octets.join('.') : (octets.toString('hex').match(/.{1,4}/g) ?? []).join(':');

/** The first name that a CA with these constraints does not allow; undefined where it allows all. */
export function violation(
  names: readonly ConstrainedName[],
  { permitted, excluded }: NameConstraints,
  spend: Spend,
): { readonly name: ConstrainedName; readonly why: 'excluded' | 'not permitted' } | undefined {
  for (const name of names) {
    if (excluded.some((base) => isWithin(name, base, spend) || mayExpandInto(name, base)))
      return { name, why: 'excluded' };
    const ofItsKind = permitted.filter(({ kind }) => kind === name.kind);
    if (ofItsKind.length > 0 && !ofItsKind.some((base) => isWithin(name, base, spend)))
      return { name, why: 'not permitted' };
  }
  return undefined;
}

/** Whether a name lies in the subtree under a base of its kind. */
function isWithin(name: ConstrainedName, base: ConstrainedName, spend: Spend): boolean {
  spend();
  switch (name.kind) {
    case 'dns':
      return base.kind === 'dns' && isUnderDomain(name.host, base.host);
    case 'email':
      return base.kind === 'email' && isHostWithin(name.host, base.host) && [null, name.local].includes(base.local);
    case 'uri':
      return base.kind === 'uri' && base.host !== null && isHostWithin(name.host, base.host);
    case 'ip':
      return base.kind === 'ip' && isAddressWithin(name.octets, base.octets);
    case 'directory':
      return base.kind === 'directory' && isNameWithin(name.rdns, base.rdns, spend);
  }
}

/** A wildcard is good for a host that is excluded although it is not that host. */
function mayExpandInto(name: ConstrainedName, base: ConstrainedName): boolean {
  if (name.kind !== 'dns' || base.kind !== 'dns' || !name.host.startsWith('*.')) return false;
  const dot = base.host.indexOf('.', 1);
  return dot > 0 && base.host.length - dot === name.host.length - 1 && base.host.endsWith(name.host.slice(1));
}

/** Any name that is made by adding labels on the left, or none; a leading dot, as Go and OpenSSL read it: at least one. */
function isUnderDomain(name: string, base: string): boolean {
  if (base === '' || name === base) return !base.startsWith('.');
  return name.endsWith(base) && (base.startsWith('.') || name[name.length - base.length - 1] === '.');
}

/** Of mailboxes and URIs: a host, or with a leading dot all that lie under it. */
const isHostWithin = (host: string | null, base: string): boolean =>
  host !== null && (base.startsWith('.') ? host.endsWith(base) : host === base);

/** An address and its mask, of the same family. */
function isAddressWithin(address: Buffer, base: Buffer): boolean {
  const size = address.length;
  if (base.length !== size * 2) return false;
  return address.every((octet, i) => {
    const mask = base[size + i] ?? 0;
    return (octet & mask) === ((base[i] ?? 0) & mask);
  });
}

type Rdns = readonly (readonly Attribute[])[];

/** Its RDNs begin with those of the base. */
function isNameWithin(name: Rdns, base: Rdns, spend: Spend): boolean {
  return base.every((rdn, i) => {
    const other = name[i];
    if (other?.length !== rdn.length) return false;
    return rdn.every(({ type, comparable: wanted }) =>
      other.some((each) => {
        spend();
        return each.type === type && each.comparable === wanted;
      }),
    );
  });
}
