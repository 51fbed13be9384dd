import { DerError, Tag } from '../strict/der.js';
import {
  type CertificationRequestTree,
  extensionRequests,
  type RequestAttribute,
} from '../tree/certification-request.js';
import type { ExtensionTree } from '../tree/extension.js';
import { versionText } from './certificate-text.js';
import { extensionListText } from './extension-text.js';
import { distinguishedNameText } from './name-text.js';
import { objectNamesOfRequests as names } from './object-names.js';
import { decodeOctets, indentation, octets } from './octets.js';
import { publicKeyText } from './public-key-text.js';
import { signatureText } from './signature-text.js';

/**
 * A certification request as `openssl req -noout -text` of OpenSSL 3.5 shows it. The differences are those of
 * `certificateText`.
 *
 * @throws DerError when OpenSSL does not load it.
 */
export function certificationRequestText(request: CertificationRequestTree): string {
  const [trailing] = request.trailing;
  if (trailing !== undefined) throw new DerError(`${trailing} has trailing data`, 0);
  return decodeOctets(
    'Certificate Request:\n    Data:\n' +
      // RFC 2986 4.1: there is one version, and it is 0.
      versionText(request.version, 0n) +
      `        Subject: ${distinguishedNameText(request.subject, names)}\n` +
      publicKeyText(request.publicKey, names) +
      attributesText(request.attributes) +
      signatureText(request, names),
  );
}

function attributesText(attributes: readonly RequestAttribute[] | null): string {
  let text = '        Attributes:\n';
  if (attributes?.length === 0) text += '            (none)\n';
  for (const attribute of attributes ?? []) {
    if (attribute.hasTrailingData) throw new DerError('an attribute has trailing data', 0);
    if (!extensionRequests.includes(attribute.type)) text += attributeText(attribute);
  }
  const extensions = requestedExtensions(attributes ?? []);
  if (extensions) text += `            Requested Extensions:\n${extensionListText(extensions, names, 16)}`;
  return text;
}

/** The first extensions that are asked for; undefined when an attribute that should hold them holds something else. */
function requestedExtensions(attributes: readonly RequestAttribute[]): readonly ExtensionTree[] | undefined {
  for (const request of extensionRequests) {
    const attribute = attributes.find(({ type }) => type === request);
    if (attribute === undefined) continue;
    const { extensions } = attribute;
    if (extensions === null || extensions.some(({ hasTrailingData }) => hasTrailingData)) return undefined;
    if (extensions.length > 0) return extensions;
  }
  return [];
}

const readableTags: ReadonlySet<number> = new Set([
  Tag.PRINTABLE_STRING,
  Tag.T61_STRING,
  Tag.NUMERIC_STRING,
  Tag.UTF8_STRING,
  Tag.IA5_STRING,
]);
const columnOfValues = 25;

function attributeText({ type, values }: RequestAttribute): string {
  // RFC 2986 4.1: SET SIZE(1..MAX)
  if (values.length === 0) throw new DerError(`attribute ${type} has no value`, 0);
  const name = names.long(type);
  return values
    .map(({ tag, content }, i) => {
      // A value after the first has no name before it; OpenSSL counts what a long name took beyond its column twice.
      const label =
        i === 0 ? indentation(12) + name.padEnd(columnOfValues) : indentation(furtherIndent(name.length, i));
      return `${label}:${readableTags.has(tag) ? octets(content) : 'unable to print attribute'}\n`;
    })
    .join('');
}

function furtherIndent(nameLength: number, i: number): number {
  return nameLength > columnOfValues && i === 1 ? nameLength : columnOfValues;
}
