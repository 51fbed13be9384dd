import type { DecodedObject } from '../decoded.js';
import { pathStem } from '../relations/path-stem.js';
import type { Relations } from '../relations/relate.js';

/** What a certificate is used for where it stands. */
export interface Use {
  /** `leaf`: the one whose private key is in use there, be it a client's or a server's. */
  readonly as: 'authority' | 'client' | 'leaf';
  /** The field or file that says so. */
  readonly where: string;
}

/** The entry of a Secret or ConfigMap that a path ends with: `tls.crt` of `data["tls.crt"]`. */
export const entryName = (path: string): string | undefined => {
  const [, quoted, plain] = /(?:^|#)(?:data|stringData|binaryData)(?:\["(.*)"\]|\.(.*))$/.exec(path) ?? [];
  return quoted ?? plain;
};

/** Entries that hold CAs: of namespaces and services, and what API servers publish of the CAs that they trust. */
const authorityEntries = new Set(['ca.crt', 'client-ca-file', 'requestheader-client-ca-file', 'service-ca.crt']);

/** What stands in a certificate's place says of its use; a file's name is no more than a hint and says nothing. */
export function useOf(object: DecodedObject, relations: Relations): Use | null {
  const { path, parent } = object;
  if (parent === null) return null;
  const stem = pathStem(path);
  // What follows in the same place are the CAs of its chain.
  const isFirst = (): boolean => relations.bundleOf(object)[0]?.object === object;
  switch (relations.objectAt(parent)?.content.type) {
    case 'Kubeconfig':
      if (stem.endsWith('.certificate-authority-data')) return { as: 'authority', where: 'certificate-authority-data' };
      return stem.endsWith('.client-certificate-data') && isFirst()
        ? { as: 'client', where: 'client-certificate-data' }
        : null;
    case 'Secret':
    case 'ConfigMap': {
      const entry = entryName(stem);
      if (entry === undefined) return null;
      if (authorityEntries.has(entry)) return { as: 'authority', where: entry };
      return entry === 'tls.crt' && isFirst() ? { as: 'leaf', where: entry } : null;
    }
    case 'CertificateSigningRequest':
      return stem.endsWith('status.certificate') && isFirst() ? { as: 'leaf', where: 'status.certificate' } : null;
    default:
      return null;
  }
}
