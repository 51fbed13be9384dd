import type { FastifyError } from 'fastify';
import {
  InspectionBusyError,
  InvalidCursorError,
  PoliciesBusyError,
  SignerUnavailableError,
  StoreBusyError,
  StoreUnavailableError,
} from '../model/errors.js';
import { TooManyWaitingError } from '../workers/turns.js';
import { problem, ProblemError, type Problem } from './problem.js';
import { validationErrors } from './validation-errors.js';

/** What a thrown error is to the caller. Whatever is not known here is an internal error, its text for the log alone. */
export function errorToProblem(error: FastifyError): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof InvalidCursorError) {
    const errors = [{ pointer: '/query/cursor', message: 'is not a cursor that this list gave out' }];
    return problem('invalid-request', 'the query is not valid; `errors` says where', { members: { errors } });
  }
  if (error instanceof StoreBusyError)
    return problem('service-unavailable', 'too much is waiting to be written; try again', {
      headers: { 'retry-after': '1' },
    });
  if (error instanceof InspectionBusyError)
    return problem('service-unavailable', 'too many uploads are waiting to be inspected; try again', {
      headers: { 'retry-after': '2' },
    });
  if (error instanceof PoliciesBusyError)
    return problem('service-unavailable', error.message, { headers: { 'retry-after': `${error.retryAfterSeconds}` } });
  if (error instanceof TooManyWaitingError)
    return problem('service-unavailable', 'too many RSA keys are waiting to be generated; try again', {
      headers: { 'retry-after': '5' },
    });
  if (error instanceof StoreUnavailableError || error instanceof SignerUnavailableError)
    return problem('service-unavailable', 'try again later', { headers: { 'retry-after': '10' } });
  if (error.validation)
    return problem('invalid-request', 'the request is not valid; `errors` says where', {
      members: { errors: validationErrors(error.validation, error.validationContext) },
    });
  return frameworkProblem(error) ?? problem('internal-error', 'the log has more under the request id');
}

function frameworkProblem({ code, statusCode }: FastifyError): Problem | null {
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return problem('content-too-large', 'the body is larger than this resource takes');
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE')
    return problem('unsupported-media-type', 'send the body as application/json');
  if (code === 'FST_ERR_CTP_INVALID_CONTENT_LENGTH')
    return problem('invalid-request', 'Content-Length is not the length of the body');
  if (code === 'FST_ERR_BAD_URL') return problem('invalid-request', 'the path is not validly percent-encoded');
  if (statusCode === 404) return problem('not-found', 'there is no such resource');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return problem('invalid-request', 'the request cannot be read');
  return null;
}
