import { directoryBounds, type DirectoryUserAttributes } from '../model/directory.js';
import { readPath, type ValuePath } from './filter.js';
import { membersOf, requireSchema, ScimInputError, shown, uris } from './scim-input.js';
import { givenAttributes, isReadOnly, setAttribute, tooManyAttributes, type PatchKind } from './user-attributes.js';

/** One operation of a PATCH (RFC 7644 3.5.2). */
export interface PatchOperation {
  readonly kind: PatchKind;
  /** Null: the members of the value are the attributes. */
  readonly target: ValuePath | null;
  /** Undefined: there is none. */
  readonly value: unknown;
}

/** Reads the body of a PATCH, in both dialects of Entra and in Okta's. Throws `ScimInputError`. */
export function readPatch(body: unknown): readonly PatchOperation[] {
  const members = membersOf(body, 'the body');
  requireSchema(members, uris.patch);
  const operations = members.get('operations');
  if (!Array.isArray(operations) || operations.length === 0)
    throw new ScimInputError('invalidSyntax', 'Operations must be a list with an operation');
  if (operations.length > directoryBounds.operations)
    throw new ScimInputError('tooMany', `a PATCH has at most ${String(directoryBounds.operations)} operations`);
  return operations.map(readOperation);
}

function readOperation(written: unknown): PatchOperation {
  const members = membersOf(written, 'an operation');
  const kind = kindOf(members.get('op'));
  const path = members.get('path');
  if (path !== undefined && path !== null && typeof path !== 'string')
    throw new ScimInputError('invalidPath', 'path must be a string');
  const value = members.get('value');
  const target = path === undefined || path === null || path === '' ? null : readPath(path);
  if (target === null && kind === 'remove') throw new ScimInputError('noTarget', 'remove needs a path');
  if (kind !== 'remove' && value === undefined) throw new ScimInputError('invalidValue', `${kind} needs a value`);
  if (target !== null && isReadOnly(target))
    throw new ScimInputError('mutability', `${target.path.attribute} cannot be changed`);
  return { kind, target, value };
}

/** Entra's older dialect capitalizes it. */
function kindOf(op: unknown): PatchKind {
  const kind = typeof op === 'string' ? op.toLowerCase() : '';
  if (kind === 'add' || kind === 'replace' || kind === 'remove') return kind;
  const written = typeof op === 'string' ? `, not ${shown(op)}` : '';
  throw new ScimInputError('invalidSyntax', `op must be add, replace or remove${written}`);
}

/** The user after the operations. */
export function patchUser(
  before: DirectoryUserAttributes,
  operations: readonly PatchOperation[],
): DirectoryUserAttributes {
  let user = before;
  let attributes = 0;
  for (const { kind, target, value } of operations) {
    const given =
      target !== null && target.path.attribute !== ''
        ? [{ target, value }]
        : kind !== 'remove' && isOfUser(target)
          ? givenAttributes(membersOf(value, 'value'))
          : [];
    attributes += given.length;
    if (attributes > directoryBounds.operations) throw tooManyAttributes();
    for (const one of given) user = setAttribute(user, one.target, one.value, kind);
  }
  return user;
}

/** A path may be the name of a schema alone. */
const isOfUser = (target: ValuePath | null): boolean =>
  target === null || target.path.schema === uris.user.toLowerCase();
