import type { CertificateContent } from '../../model/inspection.js';
import type { CertificateMaterial, DecodedObject, InspectionContext } from '../../model/decoded.js';
import type { Report } from '../../model/observations.js';
import type { CertificateNode } from '../../relations/certificate-node.js';
import { pathStem } from '../../reading/paths.js';
import type { Relations } from '../../relations/relations.js';

/** The data that checks use besides the object, and their way to report. */
export interface Setting {
  readonly relations: Relations;
  readonly context: Pick<InspectionContext, 'now' | 'thresholds'>;
  readonly report: Report;
  /** Counts work that an upload can ask for in any amount. Throws `UploadRefusedError`. */
  readonly spend: () => void;
}

/** A certificate of the upload, with the facts that nearly every check needs. */
export interface ExaminedCertificate {
  readonly object: DecodedObject;
  readonly content: CertificateContent;
  readonly material: CertificateMaterial;
  readonly node: CertificateNode;
  /** Its use in the place where it stands; null where the place says nothing of it. */
  readonly use: Use | null;
  /** It is a CA, or meant for one. */
  readonly authority: boolean;
}

/** Reports what is wrong with a certificate. */
export type CertificateCheck = (certificate: ExaminedCertificate, setting: Setting) => void;

/** Reports what is wrong with an object of a type. */
export type ObjectCheck = (object: DecodedObject, setting: Setting) => void;

/** The printed form of a distinguished name, in which nothing hides, for a message: quoted and cut to a readable length. */
export function shortName(text: string): string {
  // Not between the halves of a character.
  return text.length <= 200 ? `"${text}"` : `"${text.slice(0, 200).replace(/[\ud800-\udbff]$/, '')}…"`;
}

/** The use of a certificate in the place where it stands. */
export interface Use {
  /** `leaf`: the one whose private key is in use there, be it a client's or a server's. */
  readonly as: 'authority' | 'client' | 'leaf';
  /** The field or file that says so. */
  readonly where: string;
}

/** The entry of a Secret or ConfigMap that a path ends with: `tls.crt` of `data["tls.crt"]`. */
const entryName = (path: string): string | undefined => {
  const [, quoted, plain] = /(?:^|#)(?:data|stringData|binaryData)(?:\["(.*)"\]|\.(.*))$/.exec(path) ?? [];
  return quoted ?? plain;
};

/** Entries that hold CAs: those of namespaces and services, and the CAs that API servers trust and publish. */
const authorityEntries = new Set(['ca.crt', 'client-ca-file', 'requestheader-client-ca-file', 'service-ca.crt']);

/** The use of a certificate by the field or entry that holds it. The name of a file is a hint at most, and tells nothing. */
export function useOf(object: DecodedObject, relations: Relations): Use | null {
  const { path, parent } = object;
  if (parent === null) return null;
  const stem = pathStem(path);
  // The certificates that follow in the same place are the CAs of its chain.
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
