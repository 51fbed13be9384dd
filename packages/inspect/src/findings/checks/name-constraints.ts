import { quote } from '../../formats/text/quote.js';
import { attributeType, displayDistinguishedName } from '@kubepass/x509';
import { extensionValueOf, type GeneralName, type NameTree, type NameTreeAttribute } from '@kubepass/x509/tree';
import type { CertificateMaterial } from '../../model/decoded.js';
import { isSelfIssued, onceFor, placeOf } from '../../relations/certificate-node.js';
import { isHost, mailboxOf } from '../../x509/go-rules.js';
import type { CertificateCheck } from './check.js';

/** The forms of names that Go, and so Kubernetes, compares (crypto/x509, parseNameConstraintsExtension). */
const comparedByGo: ReadonlySet<string> = new Set(['rfc822Name', 'dNSName', 'uniformResourceIdentifier', 'iPAddress']);

const NAME_CONSTRAINTS = '2.5.29.30';

/** RFC 5280 4.2.1.10. One chain whose CAs allow every name is enough. */
export const checkNameConstraints: CertificateCheck = (
  { content, material, node, authority },
  { relations, report, spend },
) => {
  const own = content.extensions.some(({ oid }) => oid === NAME_CONSTRAINTS) ? constraintsOf(material) : null;
  if (own !== null && own.refused.size > 0)
    report(
      'UnknownCriticalExtension',
      `the extension nameConstraints is critical and constrains ${[...own.refused].join(' and ')}, which Go, and so Kubernetes, does not compare: it refuses every chain with it`,
    );
  // RFC 5280 6.1.3: constraints do not apply to what a CA issues to its own name.
  if (authority && isSelfIssued(material)) return;
  const chains = relations.chainsOf(node);
  if (chains.every(({ nodes }) => nodes.length < 2)) return;
  let names: readonly ConstrainedName[] | null = null;
  const violations = chains.map(({ nodes }) => {
    for (const above of nodes.slice(1)) {
      const constraints = constraintsOf(above.material);
      if (constraints === null) continue;
      names ??= namesOf(material);
      const found = violation(names, constraints, spend);
      if (found !== undefined) return { ...found, above };
    }
    return null;
  });
  const [first] = violations;
  if (first && violations.every((each) => each !== null))
    report('NameConstraintViolated', `${quote(first.name.text)} ${first.why} ${placeOf(first.above)}`);
};

/** A name that constraints speak about, or the base of a subtree of them; hosts in lower case. */
type ConstrainedName = { readonly text: string } & (
  | { readonly kind: 'dns' | 'uri'; readonly host: string }
  /** A mailbox has both; the base of mailboxes may have no local part. */
  | { readonly kind: 'email'; readonly local: string | null; readonly host: string }
  | { readonly kind: 'ip'; readonly octets: Buffer }
  | { readonly kind: 'directory'; readonly rdns: readonly (readonly ComparedAttribute[])[] }
  /** A name of a form that is not compared; null for one that is malformed, for which Go refuses the chain. */
  | { readonly kind: 'other'; readonly form: string | null }
);

/** An attribute, as RFC 5280 7.1 compares it. */
interface ComparedAttribute {
  readonly type: string;
  readonly comparable: string;
}

interface NameConstraints {
  /** The forms of names that they constrain and Go does not compare; empty where the extension is not critical. */
  readonly refused: ReadonlySet<string>;
  readonly permitted: readonly ConstrainedName[];
  readonly excluded: readonly ConstrainedName[];
}

/** Null for a CA without constraints, and for malformed ones, which are reported when they are read. */
const constraintsOf = onceFor(({ tree }: CertificateMaterial): NameConstraints | null => {
  const value = extensionValueOf(tree, NAME_CONSTRAINTS);
  if (value === null) return null;
  const basesOf = (list: typeof value.permitted) => (list ?? []).map(({ base }) => base);
  const [permitted, excluded] = [basesOf(value.permitted), basesOf(value.excluded)];
  const isCritical = tree.extensions?.find(({ oid }) => oid === NAME_CONSTRAINTS)?.critical;
  const forms = isCritical ? [...permitted, ...excluded].map(({ type }) => type) : [];
  return {
    refused: new Set(forms.filter((form) => !comparedByGo.has(form))),
    permitted: permitted.map((base) => constrained(base, 'base')),
    excluded: excluded.map((base) => constrained(base, 'base')),
  };
});

/**
 * The names that the CAs above a certificate may constrain: its subject and its alternative names. The mailboxes of the
 * subject count where there are no others.
 */
function namesOf({ tree }: CertificateMaterial): readonly ConstrainedName[] {
  const { subject } = tree;
  const alternatives = extensionValueOf(tree, '2.5.29.17') ?? [];
  const names = [
    ...(subject.rdns.length > 0 ? [directoryName(subject)] : []),
    ...alternatives.map((name) => constrained(name, 'name')),
  ];
  if (!names.some(({ kind }) => kind === 'email'))
    for (const { type, text } of subject.rdns.flat())
      if (type === attributeType.emailAddress && text !== null) names.push(mailbox(text) ?? domainOf(text));
  return names;
}

/** A name in the form that is compared. */
function constrained(name: GeneralName, as: 'name' | 'base'): ConstrainedName {
  const text = name.octets.toString('latin1');
  const malformed = { kind: 'other', text, form: null } as const;
  switch (name.type) {
    case 'rfc822Name':
      return mailbox(text) ?? (as === 'base' ? domainOf(text) : malformed);
    case 'dNSName':
      if (as === 'name' && !isHost(text)) return malformed;
      return { kind: 'dns', text, host: text.toLowerCase().replace(/\.$/, '') };
    case 'directoryName':
      return directoryName(name.name);
    case 'uniformResourceIdentifier': {
      const host = as === 'base' ? text : hostOfUri(text);
      return host === null ? malformed : { kind: 'uri', text, host: host.toLowerCase() };
    }
    case 'iPAddress':
      return { kind: 'ip', text: addressText(name.octets), octets: name.octets };
    default:
      return { kind: 'other', text: name.type, form: name.type };
  }
}

/** Null for what is no mailbox of a host. */
function mailbox(text: string): ConstrainedName | null {
  const { local, host = '' } = mailboxOf(text) ?? {};
  if (local === undefined || host === '' || host.includes('@')) return null;
  return { kind: 'email', text, local, host: host.toLowerCase() };
}

/** All mailboxes of a host or, with a leading dot, of all hosts under it. */
const domainOf = (text: string): ConstrainedName => ({ kind: 'email', text, local: null, host: text.toLowerCase() });

const directoryName = (name: NameTree): ConstrainedName => ({
  kind: 'directory',
  text: displayDistinguishedName(name),
  rdns: name.rdns.map((rdn) => rdn.map((attribute) => ({ type: attribute.type, comparable: comparable(attribute) }))),
});

/** RFC 5280 7.1: neither case nor runs of spaces nor the string type make a difference. */
const comparable = ({ text, valueRaw }: NameTreeAttribute): string =>
  text === null ? `#${valueRaw.toString('hex')}` : text.normalize('NFKC').toLowerCase().trim().replace(/\s+/g, ' ');

/** RFC 3986 3.2. RFC 5280 4.2.1.10 refuses a URI whose host is no name: without a host, or with an address. */
function hostOfUri(uri: string): string | null {
  const start = uri.indexOf('://');
  if (start < 0) return null;
  const rest = uri.slice(start + 3);
  const end = rest.search(/[/?#]/);
  const authority = end < 0 ? rest : rest.slice(0, end);
  const host = authority.slice(authority.lastIndexOf('@') + 1).replace(/:\d*$/, '');
  return !isHost(host) || host.includes(':') || /^\d+(?:\.\d+){3}$/.test(host) ? null : host;
}

const addressText = (octets: Buffer): string =>
  octets.length === 4 ? octets.join('.') : (octets.toString('hex').match(/.{1,4}/g) ?? []).join(':');

/** The first name that a CA with these constraints does not allow; undefined where it allows all. */
function violation(
  names: readonly ConstrainedName[],
  { refused, permitted, excluded }: NameConstraints,
  spend: () => void,
): { readonly name: ConstrainedName; readonly why: string } | undefined {
  for (const name of names) {
    if (name.kind === 'other') {
      if (name.form === null || refused.has(name.form))
        return { name, why: 'cannot be compared with the name constraints of' };
      continue;
    }
    // A host stands for all that is under it in Go, and for itself in RFC 5280. A name must be allowed by both.
    if (excluded.some((base) => isWithin(name, base, isUnderDomain, spend) || mayExpandInto(name, base)))
      return { name, why: 'is excluded by' };
    const ofItsKind = permitted.filter(({ kind }) => kind === name.kind);
    if (ofItsKind.length > 0 && !ofItsKind.some((base) => isWithin(name, base, isHostWithin, spend)))
      return { name, why: 'is not permitted by' };
  }
  return undefined;
}

/** Whether a name lies in the subtree under a base of its kind. */
function isWithin(name: ConstrainedName, base: ConstrainedName, isHost: typeof isHostWithin, spend: () => void) {
  spend();
  switch (name.kind) {
    case 'dns':
      return base.kind === 'dns' && isUnderDomain(name.host, base.host);
    case 'email':
      if (base.kind !== 'email') return false;
      return base.local === null ? isHost(name.host, base.host) : base.local === name.local && base.host === name.host;
    case 'uri':
      return base.kind === 'uri' && isHost(name.host, base.host);
    case 'ip':
      return base.kind === 'ip' && isAddressWithin(name.octets, base.octets);
    case 'directory':
      return base.kind === 'directory' && isNameWithin(name.rdns, base.rdns, spend);
    case 'other':
      return false;
  }
}

/** A wildcard covers an excluded host, although it is not that host itself. */
function mayExpandInto(name: ConstrainedName, base: ConstrainedName): boolean {
  if (!('host' in name && 'host' in base) || name.kind !== base.kind || !name.host.startsWith('*.')) return false;
  const dot = base.host.indexOf('.');
  return dot > 0 && base.host.length - dot === name.host.length - 1 && base.host.endsWith(name.host.slice(1));
}

/** Labels may be added on the left. A base with a leading dot asks for at least one, as Go and OpenSSL read it. */
function isUnderDomain(name: string, base: string): boolean {
  if (base === '' || name === base) return !base.startsWith('.');
  return name.endsWith(base) && (base.startsWith('.') || name[name.length - base.length - 1] === '.');
}

/** The base of mailboxes and URIs is a host, or with a leading dot all hosts under it. */
const isHostWithin = (host: string, base: string): boolean =>
  base.startsWith('.') ? host.endsWith(base) : host === base;

/** An address and its mask, of the same family. */
function isAddressWithin(address: Buffer, base: Buffer): boolean {
  const size = address.length;
  if (base.length !== size * 2) return false;
  return address.every((octet, i) => {
    const mask = base[size + i] ?? 0;
    return (octet & mask) === ((base[i] ?? 0) & mask);
  });
}

type Rdns = readonly (readonly ComparedAttribute[])[];

/** Whether the RDNs of a name begin with those of the base. */
function isNameWithin(name: Rdns, base: Rdns, spend: () => void): boolean {
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
