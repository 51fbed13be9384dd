import type { ExtensionContent } from '../../model/inspection.js';
import { DerError, type DerElement, type DerReader, inside, onlyElement, Tag } from '../../x509/strict/der.js';
import { normalize } from '../ber/normalize.js';
import type { Report } from '../observations.js';
import { objectNames } from '../../x509/openssl-text/object-names.js';
import type { DecodedExtension, ExtensionFacts } from './extensions/extension-decoder.js';
import { extensionDecoders, type KnownExtension } from './extensions/extension-decoders.js';
import { dottedIdentifier, truth } from './values.js';

/** What a list of extensions says. */
export interface DescribedExtensions {
  readonly contents: readonly ExtensionContent[];
  /** Of an extension that occurs twice, the first counts. */
  readonly facts: ExtensionFacts;
}

export const NO_EXTENSIONS: DescribedExtensions = {
  contents: [],
  facts: {
    subjectKeyIdentifier: null,
    authorityKeyIdentifier: null,
    basicConstraints: null,
    keyUsage: null,
    extKeyUsage: null,
    subjectAltNames: null,
  },
};

/** More than these are counted and not shown. */
const MAX_EXTENSIONS = 500;

/** What an object of this kind may carry as critical, by dotted identifier, because its readers act on it. */
export type ActedUpon = ReadonlySet<string>;

/**
 * Describes Extensions (RFC 5280 4.1) that stand in `element`. One that is malformed is shown octet by octet and
 * reported; the others are not affected. Throws `DerError` where it is no list of extensions at all.
 */
export function describeExtensions(element: DerElement, actedUpon: ActedUpon, report: Report): DescribedExtensions {
  if (element.tag !== Tag.SEQUENCE) throw new DerError('the extensions are no SEQUENCE', element.offset);
  const list = inside(element);
  if (list.atEnd) report('MalformedExtension', 'the list of extensions is empty');
  const contents: ExtensionContent[] = [];
  const counts = new Map<string, number>();
  let facts = NO_EXTENSIONS.facts;
  let notShown = 0;
  while (!list.atEnd) {
    const extension = readExtension(list, report);
    const occurrence = (counts.get(extension.oid) ?? 0) + 1;
    counts.set(extension.oid, occurrence);
    if (contents.length >= MAX_EXTENSIONS) {
      notShown++;
      continue;
    }
    const { content, decoded } = describe(extension, report);
    contents.push(content);
    if (occurrence === 2) report('DuplicateExtension', `the extension ${content.name} occurs more than once`);
    else if (occurrence === 1 && decoded?.facts) facts = { ...facts, ...decoded.facts };
    if (content.critical && !actedUpon.has(content.oid))
      report('UnknownCriticalExtension', `the extension ${content.name} is critical, and no reader has to know it`);
  }
  if (notShown > 0) report('MalformedExtension', `${notShown} more extensions than ${MAX_EXTENSIONS} are not shown`);
  return { contents, facts };
}

interface ReadExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Buffer;
}

function readExtension(list: DerReader, report: Report): ReadExtension {
  const fields = inside(list.expect(Tag.SEQUENCE, 'an extension'));
  const oid = dottedIdentifier(fields.expect(Tag.OBJECT_IDENTIFIER, 'the identifier of an extension'));
  const flag = fields.optional(Tag.BOOLEAN);
  const critical = flag !== undefined && truth(flag);
  // X.690 11.5: a value equal to its DEFAULT is left out.
  if (flag !== undefined && !critical)
    report('NonDerEncoding', `critical FALSE of the extension ${nameOf(oid)} is written out`);
  const value = fields.expect(Tag.OCTET_STRING, 'the value of an extension').content;
  if (!fields.atEnd) report('TrailingData', `something follows the value of the extension ${nameOf(oid)}`);
  return { oid, critical, value };
}

const nameOf = (oid: string): string => extensionDecoders.get(oid)?.name ?? objectNames.short(oid) ?? oid;

function describe(
  { oid, critical, value }: ReadExtension,
  report: Report,
): { readonly content: ExtensionContent; readonly decoded: DecodedExtension | null } {
  const known = extensionDecoders.get(oid);
  const decoded = known ? decode(known, value, report) : null;
  const hex = decoded === null ? value.toString('hex') : null;
  return { content: { oid, name: nameOf(oid), critical, value: decoded?.value ?? null, hex }, decoded };
}

function decode({ name, decode }: KnownExtension, value: Buffer, report: Report): DecodedExtension | null {
  const reportHere: Report = (code, message) => {
    report(code, `${name}: ${message}`);
  };
  try {
    const normalized = normalize(value);
    if (!normalized.ok) throw new DerError(normalized.problem, 0);
    for (const { code, message } of normalized.observations) reportHere(code, message);
    return decode(onlyElement(normalized.der, name), reportHere);
  } catch (error) {
    if (!(error instanceof DerError)) throw error;
    reportHere('MalformedExtension', error.message);
    return null;
  }
}
