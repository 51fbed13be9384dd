import type { FastifyError, FastifySchemaValidationError } from 'fastify';
import {
  InspectionBusyError,
  InvalidCursorError,
  PoliciesBusyError,
  SignaturesUnavailableError,
  SignerUnavailableError,
  StoreBusyError,
  StoreUnavailableError,
} from '../../model/errors.js';
import { TooManyWaitingError } from '@kubepass/x509';
import { longestPathParameter } from '../schemas/schema-parts.js';
import { invalidRequest, mostErrors, problem, ProblemError, type Problem, unavailable } from './problem.js';
import { cursorWords, fieldErrors, tellingErrors } from './schema-errors.js';
import { unknownPath } from './unknown-path.js';

/** The problem for a thrown error. An unknown error becomes an internal error, and its text goes only to the log. */
export function errorToProblem(error: FastifyError): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof InvalidCursorError) return invalidRequest([{ pointer: '/query/cursor', message: cursorWords }]);
  if (error instanceof StoreBusyError) return unavailable('too much is waiting to be written; try again', 1);
  if (error instanceof InspectionBusyError)
    return unavailable('too many uploads are waiting to be inspected; try again', 2);
  if (error instanceof PoliciesBusyError) return unavailable(error.message, error.retryAfterSeconds);
  if (error instanceof TooManyWaitingError)
    return unavailable('too many RSA keys are waiting to be generated or tested; try again', 5);
  if (
    error instanceof StoreUnavailableError ||
    error instanceof SignerUnavailableError ||
    error instanceof SignaturesUnavailableError
  )
    return unavailable('try again later', 10);
  if (error.validation) return schemaProblem(error.validation, error.validationContext);
  return frameworkProblem(error) ?? problem('internal-error', 'the log has more under the request id');
}

/** Only the errors that are told are put into words: a hostile body can have thousands of them. */
function schemaProblem(errors: readonly FastifySchemaValidationError[], context: string | undefined): Problem {
  const telling = tellingErrors(errors);
  return invalidRequest(fieldErrors(telling.slice(0, mostErrors), context), telling.length);
}

function frameworkProblem({ code, statusCode }: FastifyError): Problem | null {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return problem('content-too-large', 'the body is larger than this resource takes');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return problem('unsupported-media-type', 'send the body as application/json');
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH')
    return problem('invalid-request', 'Content-Length is not the length of the body');
  if (code === 'FST_ERR_BAD_URL') return problem('invalid-request', 'the path is not validly percent-encoded');
  if (code === 'FST_ERR_MAX_PARAM_LENGTH')
    return problem('invalid-request', `a part of the path is longer than ${longestPathParameter} characters`);
  if (statusCode === 404) return unknownPath('');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return problem('invalid-request', 'the request cannot be read');
  return null;
}
