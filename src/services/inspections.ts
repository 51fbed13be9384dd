import type { InspectionFormat, Upload } from '../model/inspection.js';
import type { Outcome } from '../model/outcome.js';
import type { Principal } from '../model/principal.js';

export interface InspectionService {
  /**
   * Describes the upload, its content and its problems in the given media type, and keeps nothing of it. Throws
   * `InspectionBusyError` where too many uploads wait.
   */
  inspect(principal: Principal, upload: Upload, format: InspectionFormat): Promise<Outcome<string>>;
}
