import { directoryBounds } from '../model/directory.js';
import { elements, type Members } from './members.js';
import { ScimInputError } from './refusal.js';

/** RFC 7643 3: a body names the schemas that it follows. Their names are compared without case. */
export function requireSchema(members: Members, uri: string): void {
  const given = elements(members.get('schemas'), 'schemas', directoryBounds.names);
  if (!given.some((one) => typeof one === 'string' && one.toLowerCase() === uri.toLowerCase()))
    throw new ScimInputError('invalidSyntax', `schemas must hold ${uri}`);
}
