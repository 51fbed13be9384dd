import type { CertificateContent } from '../../model/inspection.js';
import type { CertificateMaterial, DecodedObject, InspectionContext, Report } from '../../model/decoded.js';
import type { CertificateNode } from '../../relations/certificate-node.js';
import type { Relations } from '../../relations/relations.js';

/** The data that checks use besides the object, and their way to report. */
export interface Setting {
  readonly relations: Relations;
  readonly context: Pick<InspectionContext, 'now' | 'thresholds' | 'server'>;
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

/** The use of a certificate in the place where it stands. */
export interface Use {
  /** `leaf`: the certificate whose private key is in use there, be it a client's or a server's. */
  readonly as: 'authority' | 'client' | 'leaf';
  /** The field or file that says so. */
  readonly where: string;
}
