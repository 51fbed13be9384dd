import type { CertificateContent } from '../../model/inspection.js';
import type { CertificateMaterial, DecodedObject, InspectionContext } from '../decoded.js';
import type { Report } from '../observations.js';
import type { CertificateNode } from '../relations/certificate-node.js';
import type { Relations } from '../relations/relate.js';
import type { Use } from './use.js';

/** What checks look at besides the object, and whom they tell. */
export interface Setting {
  readonly relations: Relations;
  readonly context: Pick<InspectionContext, 'now' | 'thresholds'>;
  readonly report: Report;
  /** Counts what an upload can ask for any number of. Throws `UploadRefusedError`. */
  readonly spend: () => void;
}

/** A certificate of the upload, with what nearly every check asks of it. */
export interface CheckedCertificate {
  readonly object: DecodedObject;
  readonly content: CertificateContent;
  readonly material: CertificateMaterial;
  readonly node: CertificateNode;
  /** What it is used for where it stands; null where that does not tell. */
  readonly use: Use | null;
  /** It is a CA, or meant for one. */
  readonly authority: boolean;
}

/** Reports what is wrong with a certificate. */
export type CertificateCheck = (certificate: CheckedCertificate, setting: Setting) => void;

/** Reports what is wrong with an object of a type. */
export type ObjectCheck = (object: DecodedObject, setting: Setting) => void;
