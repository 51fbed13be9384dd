import { directoryBounds } from '../model/directory.js';

/** The reasons of RFC 7644 3.12 (`scimType`) that we give; null: the protocol has none. */
export type ScimErrorType =
  | 'invalidFilter'
  | 'uniqueness'
  | 'tooMany'
  | 'mutability'
  | 'invalidSyntax'
  | 'invalidPath'
  | 'noTarget'
  | 'invalidValue'
  | 'invalidVers';

/** Something in a call over SCIM that cannot be done. `message` never repeats a whole value of the caller. */
export class ScimInputError extends Error {
  override readonly name = 'ScimInputError';
  constructor(
    readonly scimType: ScimErrorType,
    message: string,
  ) {
    super(message);
  }
}

/** The beginning of a caller's text, for a message. */
export const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);

/** RFC 7643 section 10.3, RFC 7644 section 8.2. */
export const uris = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  serviceProviderConfig: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/**
 * The members of a JSON object by their names in lower case: names of attributes are compared without case (RFC 7643 2.1).
 * A `Map`, so that no name leads to a prototype.
 */
export type Members = ReadonlyMap<string, unknown>;

/** Throws where the value is no object, or gives a member twice in different case. */
export function membersOf(value: unknown, what: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ScimInputError('invalidSyntax', `${what} must be an object`);
  const members = new Map<string, unknown>();
  for (const [name, member] of Object.entries(value)) {
    const folded = name.toLowerCase();
    if (members.has(folded)) throw new ScimInputError('invalidSyntax', `${what} gives ${shown(name)} twice`);
    members.set(folded, member);
  }
  return members;
}

/** A text of at most `directoryBounds.text` whole characters without controls; null where it is null. */
export function textOrNull(value: unknown, what: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new ScimInputError('invalidValue', `${what} must be a string`);
  if (value.length > directoryBounds.text)
    throw new ScimInputError('invalidValue', `${what} has more than ${String(directoryBounds.text)} characters`);
  if (controls.test(value)) throw new ScimInputError('invalidValue', `${what} contains a control character`);
  if (!value.isWellFormed()) throw new ScimInputError('invalidValue', `${what} contains half of a character`);
  return value === '' ? null : value;
}

export function requiredText(value: unknown, what: string): string {
  const found = textOrNull(value, what);
  if (found === null || found.trim() === '') throw new ScimInputError('invalidValue', `${what} must not be empty`);
  return found;
}

// eslint-disable-next-line no-control-regex -- controls are what it looks for
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** A boolean. Entra's older dialect writes one as `"False"`. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'string' && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  throw new ScimInputError('invalidValue', `${what} must be true or false`);
}

/**
 * The elements of a multi-valued attribute. One that stands alone counts as a list of one; null as an empty list. Throws where
 * there are more of them than `most`, before any is looked at.
 */
export function elements(value: unknown, what: string, most: number): readonly unknown[] {
  if (value === undefined || value === null) return [];
  const given = Array.isArray(value) ? (value as readonly unknown[]) : [value];
  if (given.length > most) throw new ScimInputError('tooMany', `at most ${String(most)} ${what} are taken at once`);
  return given;
}

/** RFC 7643 3: a body names the schemas that it follows. Their names are compared without case. */
export function requireSchema(members: Members, uri: string): void {
  const given = elements(members.get('schemas'), 'schemas', directoryBounds.names);
  if (!given.some((one) => typeof one === 'string' && one.toLowerCase() === uri.toLowerCase()))
    throw new ScimInputError('invalidSyntax', `schemas must hold ${uri}`);
}
