import type { FastifySchemaValidationError } from 'fastify';
import type { FieldError } from '../../model/outcome.js';

/** More would help nobody, and a body can be made to hold tens of thousands. */
const mostErrors = 100;

const prefixes: Readonly<Record<string, string>> = { querystring: '/query', params: '/path', headers: '/headers' };

/** A failed validation as JSON pointers into the body, `/query`, `/path` or `/headers`. */
export function validationErrors(
  errors: readonly FastifySchemaValidationError[],
  context: string | undefined,
): FieldError[] {
  const prefix = prefixes[context ?? ''] ?? '';
  return errors.slice(0, mostErrors).map((error) => ({
    pointer: prefix + error.instancePath + childPointer(error),
    message: messageOf(error).slice(0, 1024),
  }));
}

/** The property that the error is about, where it is not the one that was looked at. */
function childPointer({ params }: FastifySchemaValidationError): string {
  const child = params['additionalProperty'] ?? params['missingProperty'];
  // RFC 6901 section 3
  return typeof child === 'string' ? `/${child.slice(0, 256).replaceAll('~', '~0').replaceAll('/', '~1')}` : '';
}

function messageOf({ keyword, params, message }: FastifySchemaValidationError): string {
  if (keyword === 'additionalProperties') return 'is not a known property';
  if (keyword === 'required') return 'is required';
  if (keyword === 'enum' && Array.isArray(params['allowedValues']))
    return `must be one of ${params['allowedValues'].join(', ')}`;
  return message ?? 'is not valid';
}
