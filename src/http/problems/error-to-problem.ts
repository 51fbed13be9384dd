import type { FastifyError, FastifySchemaValidationError } from 'fastify';
import { didYouMean } from '@kubepass/inspect/formats';
import {
  InspectionBusyError,
  InvalidCursorError,
  PoliciesBusyError,
  SignaturesUnavailableError,
  SignerUnavailableError,
  StoreBusyError,
  StoreUnavailableError,
} from '../../model/errors.js';
import type { FieldError } from '../../model/outcome.js';
import { TooManyWaitingError } from '@kubepass/x509';
import { longestPathParameter, writtenPattern } from '../schemas/schema-parts.js';
import { problem, ProblemError, type Problem, unavailable } from './problem.js';

/** The problem for a thrown error. An unknown error becomes an internal error, and its text goes only to the log. */
export function errorToProblem(error: FastifyError): Problem {
  if (error instanceof ProblemError) return error.problem;
  if (error instanceof InvalidCursorError) {
    const errors = [{ pointer: '/query/cursor', message: 'is not a cursor that this list gave out' }];
    return problem('invalid-request', 'the query is not valid; `errors` says where', { members: { errors } });
  }
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
  if (error.validation) {
    const errors = validationErrors(error.validation, error.validationContext);
    const more = error.validation.length - errors.length;
    const where =
      more === 0 ? '`errors` says where' : `\`errors\` has the first ${mostErrors} of ${mostErrors + more} errors`;
    return problem('invalid-request', `the request is not valid; ${where}`, { members: { errors } });
  }
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
  if (code === 'FST_ERR_MAX_PARAM_LENGTH')
    return problem('invalid-request', `a part of the path is longer than ${longestPathParameter} characters`);
  if (statusCode === 404) return problem('not-found', 'there is no such resource');
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500)
    return problem('invalid-request', 'the request cannot be read');
  return null;
}

/** A hostile body can hold thousands of errors. */
const mostErrors = 20;

const prefixes: Readonly<Record<string, string>> = { querystring: '/query', params: '/path', headers: '/headers' };

/** The errors of a validation, with JSON pointers into the body, `/query`, `/path` or `/headers`. */
function validationErrors(errors: readonly FastifySchemaValidationError[], context: string | undefined): FieldError[] {
  const prefix = prefixes[context ?? ''] ?? '';
  return errors.slice(0, mostErrors).map((error) => ({
    pointer: prefix + error.instancePath + childPointer(error),
    message: messageOf(error).slice(0, 1024),
  }));
}

/** Other words for a name that no count of mistyped characters leads to. */
const synonyms: Readonly<Record<string, string>> = {
  expiresBefore: 'notAfterBefore',
  expiresAfter: 'notAfterAfter',
  userName: 'directoryName',
};

/** The message about an unknown property, with the known one that is most likely meant. */
export function unknownProperty(name: string, known: readonly string[]): string {
  const synonym = Object.hasOwn(synonyms, name) ? synonyms[name] : undefined;
  const meant = synonym !== undefined && known.includes(synonym) ? synonym : name;
  return `is not a known property${didYouMean(meant, known)}`;
}

/** The pointer from the object that was checked to the property that is missing or unknown. */
function childPointer({ params }: FastifySchemaValidationError): string {
  const child = params['additionalProperty'] ?? params['missingProperty'];
  return typeof child === 'string' ? pointerTo(child) : '';
}

/** The JSON pointer to a member of the body (RFC 6901 section 3). */
export const pointerTo = (member: string): string =>
  `/${member.slice(0, 256).replaceAll('~', '~0').replaceAll('/', '~1')}`;

/** Ajv's option `verbose` adds the schema that an error is about. */
type ValidationError = FastifySchemaValidationError & { readonly parentSchema?: { readonly properties?: object } };

function messageOf({ keyword, params, message, parentSchema }: ValidationError): string {
  if (keyword === 'additionalProperties')
    return unknownProperty(String(params['additionalProperty']), Object.keys(parentSchema?.properties ?? {}));
  if (keyword === 'required') return 'is required';
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `must be one of ${params['allowedValues'].join(', ')}`;
  if (keyword === 'pattern' && params['pattern'] === writtenPattern)
    return 'must not have control characters other than tabs and line ends';
  return message ?? 'is not valid';
}
