import type { Refusal } from '../../model/outcome.js';
import type { DraftRefusedError } from '../../policy/workers/draft-refused-error.js';

/** How the caller of a draft that goes no further is answered. */
export const draftRefusal = ({ reason, message, errors }: DraftRefusedError): Refusal => ({
  kind: 'unacceptable-policies',
  reason,
  message,
  errors,
});
