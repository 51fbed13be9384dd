import type { Place } from '../../../formats/json/place.js';
import { itemPath } from '../paths.js';
import type { Reading, Source } from '../reading.js';
import { type DocumentSource, memberOf } from './document.js';
import { readCertificateSigningRequest } from './read-certificate-signing-request.js';
import { readConfigMap } from './read-config-map.js';
import { readKubeconfigDocument } from './read-kubeconfig-document.js';
import { readOtherDocument } from './read-other-document.js';
import { readSecret } from './read-secret.js';

interface Document {
  readonly value: unknown;
  readonly duplicates: readonly { readonly place: Place }[];
  readonly length: number;
}

/** Reads one document by its kind; the items of a list as documents of their own. */
export function readDocument(
  { value, duplicates, length }: Document,
  source: Source,
  reading: Reading,
): readonly string[] {
  return readTyped({ ...source, content: value, duplicates, length, ...typeOf(value) }, reading);
}

function readTyped(document: DocumentSource, reading: Reading): readonly string[] {
  if (isKubeconfig(document)) return readKubeconfigDocument(document, reading);
  const items = itemsOf(document);
  if (items !== null) return items.flatMap((item) => readTyped(item, reading));
  const { apiVersion, kind } = document;
  if (kind === 'Secret' && apiVersion === 'v1') return readSecret(document, reading);
  if (kind === 'ConfigMap' && apiVersion === 'v1') return readConfigMap(document, reading);
  if (kind === 'CertificateSigningRequest' && apiVersion?.startsWith('certificates.k8s.io/') === true)
    return readCertificateSigningRequest(document, reading);
  return readOtherDocument(document, reading);
}

/** kubectl takes a kubeconfig that does not say what it is. */
function isKubeconfig({ content, apiVersion, kind }: DocumentSource): boolean {
  if (apiVersion !== null && apiVersion !== 'v1') return false;
  const hasList = (name: string): boolean => Array.isArray(memberOf(content, name));
  return kind === 'Config' || (kind === null && (hasList('clusters') || hasList('contexts')));
}

/**
 * The items of a `List`, of a `SecretList` and the like, whose items need not say what they are, or of a JSON array of
 * manifests; null for what is none of these.
 */
function itemsOf(list: DocumentSource): readonly DocumentSource[] | null {
  const isArray = Array.isArray(list.content);
  const items = isArray ? list.content : memberOf(list.content, 'items');
  if (!Array.isArray(items) || items.length === 0) return null;
  if (isArray ? !items.some((item) => typeOf(item).kind !== null) : list.kind?.endsWith('List') !== true) return null;

  const depthInPlace = isArray ? 1 : 2;
  const duplicates = items.map((): { readonly place: Place }[] => []);
  for (const { place } of list.duplicates) {
    const index = place[depthInPlace - 1];
    const inItem = (isArray || place[0] === 'items') && typeof index === 'number' && place.length > depthInPlace;
    // What the list itself gives twice is said of its first item.
    duplicates[inItem ? index : 0]?.push({ place: inItem ? place.slice(depthInPlace) : place });
  }
  const itemKind = list.kind === null || list.kind === 'List' ? null : list.kind.slice(0, -'List'.length);
  return items.map((content: unknown, i) => {
    const { apiVersion, kind } = typeOf(content);
    return {
      ...list,
      path: itemPath(list.path, i, items.length),
      content,
      duplicates: duplicates[i] ?? [],
      apiVersion: apiVersion ?? (itemKind === null ? null : list.apiVersion),
      kind: kind ?? itemKind,
      depth: list.depth + 1,
    };
  });
}

function typeOf(value: unknown): { apiVersion: string | null; kind: string | null } {
  const text = (name: string): string | null => {
    const member = memberOf(value, name);
    return typeof member === 'string' && member !== '' ? member : null;
  };
  return { apiVersion: text('apiVersion'), kind: text('kind') };
}
