/** Inspections: reads an upload, relates its objects, finds problems and reports them. */
export type { InspectionContext, KnownCluster, Thresholds } from './model/decoded.js';
export { UploadRefusedError } from './model/budget.js';
export { type FindingCode, findingKinds } from './model/catalogue.js';
export { inspect, inspectSingleObject, inspectUpload } from './inspect.js';
export { type InspectionAccount, measured } from './inspect.js';
export type {
  CertificateContent,
  Finding,
  InspectedObject,
  Inspection,
  InspectionFormat,
  InventoryEntry,
  KubeconfigContent,
  ObjectType,
  Upload,
  UploadPart,
  UploadRefusalReason,
} from './model/inspection.js';
export { styleSource } from './report/html/style-sheet.js';
