import {
  directoryBounds,
  noName,
  type DirectoryEmail,
  type DirectoryName,
  type DirectoryUserAttributes,
} from '../../model/directory.js';
import {
  readPath,
  type Comparison,
  type ValuePath,
  boolean,
  elements,
  membersOf,
  requireSchema,
  ScimInputError,
  shown,
  requiredText,
  textOrNull,
  uris,
  type Members,
} from './scim-input.js';

/** `remove` has no value. */
type PatchKind = 'add' | 'replace' | 'remove';

/** The attributes of an empty user, before a body sets them. */
const blank = {
  userName: '',
  externalId: null,
  active: true,
  displayName: null,
  name: noName,
  emails: [],
} satisfies DirectoryUserAttributes;

/** A user as a body gives it. One that does not say whether the person is active means a new person who is. */
interface GivenUser {
  readonly attributes: DirectoryUserAttributes;
  readonly tellsActive: boolean;
}

/** Reads the body of a POST or PUT. Attributes that are not kept are dropped, `password` among them. */
export function readUser(body: unknown): GivenUser {
  const members = membersOf(body, 'the body');
  requireSchema(members, uris.user);
  const given = givenAttributes(members);
  let attributes: DirectoryUserAttributes = blank;
  for (const { target, value } of given) attributes = setAttribute(attributes, target, value, 'replace');
  if (attributes.userName === '') throw new ScimInputError('invalidValue', 'userName is required');
  return { attributes, tellsActive: given.some(({ target }) => target.path.attribute === 'active') };
}

/** An attribute with the value that a member gives it. */
interface GivenAttribute {
  readonly target: ValuePath;
  readonly value: unknown;
}

/**
 * The attributes that the members of a body give, or those of a PATCH without a path. Whatever is read-only, and
 * whatever is not kept, is dropped. Throws where there are more of them than a PATCH has operations.
 */
function givenAttributes(members: Members): readonly GivenAttribute[] {
  const given: GivenAttribute[] = [];
  for (const [name, value] of members) {
    const target = keyPath(name);
    if (target === null || isReadOnly(target)) continue;
    if (target.path.attribute !== '') given.push({ target, value });
    // A schema's name as a member: its own attributes are in it.
    else if (target.path.schema === core) given.push(...givenAttributes(withoutSchemas(value, name)));
    if (given.length > directoryBounds.operations) throw tooManyAttributes();
  }
  return given;
}

const tooManyAttributes = () =>
  new ScimInputError('tooMany', `at most ${String(directoryBounds.operations)} attributes are set at once`);

function withoutSchemas(value: unknown, name: string): Members {
  return new Map([...membersOf(value, name)].filter(([member]) => !member.startsWith('urn:')));
}

/** The beginnings of names, in lower case, that name an attribute which we look at. */
const known = /^(?:username|externalid|displayname|active|name|emails|id|meta|schemas|groups)(?![a-z0-9$_-])/;
const core = uris.user.toLowerCase();

/**
 * A member's name as a path: `name.givenName`, `emails[type eq "work"].value`. Null where it names no attribute. A body
 * may have hundreds of thousands of other names, and an error for each would take seconds.
 */
function keyPath(name: string): ValuePath | null {
  const folded = name.toLowerCase();
  const isOfCore = folded === core || (folded.startsWith(`${core}:`) && known.test(folded.slice(core.length + 1)));
  if (!isOfCore && !known.test(folded)) return null;
  try {
    return readPath(name);
  } catch (error) {
    if (error instanceof ScimInputError) return null;
    throw error;
  }
}

/** RFC 7643 3.1 and 4.1.2: the service alone sets them. */
const readOnly = new Set(['id', 'meta', 'schemas', 'groups']);
const isReadOnly = ({ path }: ValuePath): boolean => path.schema === null && readOnly.has(path.attribute);

/** Sets, adds to or removes one attribute. Throws `ScimInputError`. */
function setAttribute(
  user: DirectoryUserAttributes,
  target: ValuePath,
  value: unknown,
  kind: PatchKind,
): DirectoryUserAttributes {
  const { path, selected } = target;
  if (path.schema !== null) return user;
  if (selected !== null && path.attribute !== 'emails') return user;
  const removes = kind === 'remove';
  switch (path.attribute) {
    case 'username':
      if (removes) throw required('userName');
      return { ...user, userName: requiredText(value, 'userName') };
    case 'active':
      // An attribute that is removed has no value, and somebody without one would neither be here nor have left.
      if (removes || value === null) throw required('active');
      return { ...user, active: boolean(value, 'active') };
    case 'externalid':
      return { ...user, externalId: removes ? null : textOrNull(value, 'externalId') };
    case 'displayname':
      return { ...user, displayName: removes ? null : textOrNull(value, 'displayName') };
    case 'name':
      return { ...user, name: nameWith(user.name, path.sub, value, removes) };
    case 'emails':
      return { ...user, emails: emailsWith(user.emails, target, value, kind) };
    default:
      return user;
  }
}

const required = (attribute: string) =>
  new ScimInputError('mutability', `${attribute} is required and cannot be removed`);

const nameParts = { formatted: 'formatted', familyname: 'familyName', givenname: 'givenName' } as const;
const isNamePart = (sub: string): sub is keyof typeof nameParts => Object.hasOwn(nameParts, sub);

function nameWith(name: DirectoryName, sub: string | null, value: unknown, removes: boolean): DirectoryName {
  if (sub !== null) {
    if (!isNamePart(sub)) return name;
    return { ...name, [nameParts[sub]]: removes ? null : textOrNull(value, `name.${nameParts[sub]}`) };
  }
  if (removes || value === null) return noName;
  let changed = name;
  for (const [part, own] of membersOf(value, 'name')) changed = nameWith(changed, part, own, false);
  return changed;
}

function emailsWith(
  emails: readonly DirectoryEmail[],
  { path: { sub }, selected }: ValuePath,
  value: unknown,
  kind: PatchKind,
): readonly DirectoryEmail[] {
  if (sub !== null || selected !== null) return emailsSelected(emails, sub, selected, value, kind);
  const given = elements(value, 'emails', directoryBounds.emails).flatMap(emailOf);
  // Without a value it means all of them; a value names those that it means, as with members.
  if (kind === 'remove') {
    if (value === undefined || value === null) return [];
    const removed = new Set(given.map((email) => email.value.toLowerCase()));
    return emails.filter((email) => !removed.has(email.value.toLowerCase()));
  }
  return onePrimary(kind === 'add' ? merged(emails, given) : given, given);
}

/** An element without an address is left out: Okta sends `{}` for somebody who has none. */
function emailOf(element: unknown): readonly DirectoryEmail[] {
  if (typeof element === 'string')
    return [{ value: requiredText(element, 'emails.value'), type: null, primary: false }];
  const members = membersOf(element, 'emails');
  const value = textOrNull(members.get('value'), 'emails.value');
  if (value === null) return [];
  const primary = members.get('primary') ?? false;
  return [{ value, type: textOrNull(members.get('type'), 'emails.type'), primary: boolean(primary, 'emails.primary') }];
}

const merged = (emails: readonly DirectoryEmail[], given: readonly DirectoryEmail[]): readonly DirectoryEmail[] => [
  ...emails.filter((email) => !given.some((one) => one.value === email.value && one.type === email.type)),
  ...given,
];

/** RFC 7643 2.4: at most one is primary. The last one that was given wins. */
function onePrimary(emails: readonly DirectoryEmail[], given: readonly DirectoryEmail[]): readonly DirectoryEmail[] {
  if (emails.length > directoryBounds.emails)
    throw new ScimInputError('tooMany', `at most ${String(directoryBounds.emails)} emails are kept`);
  const primary = given.findLast((email) => email.primary) ?? emails.find((email) => email.primary);
  return emails.map((email) => ({ ...email, primary: email === primary }));
}

/** `emails[type eq "work"].value`. Where no email is selected, adding and replacing make one: Entra relies on it. */
function emailsSelected(
  emails: readonly DirectoryEmail[],
  sub: string | null,
  selected: readonly Comparison[] | null,
  value: unknown,
  kind: PatchKind,
): readonly DirectoryEmail[] {
  const isSelected = (email: DirectoryEmail) => (selected ?? []).every((condition) => holds(email, condition));
  if (kind === 'remove') {
    if (sub === null || sub === 'value') return emails.filter((email) => !isSelected(email));
    return emails.map((email) => (isSelected(email) ? withPart(email, sub, null) : email));
  }
  const change = (email: DirectoryEmail): DirectoryEmail => {
    if (sub !== null) return withPart(email, sub, value);
    let changed = email;
    for (const [part, own] of membersOf(value, 'emails')) changed = withPart(changed, part, own);
    return changed;
  };
  if (emails.some(isSelected)) {
    const changed = emails.map((email) => (isSelected(email) ? change(email) : email));
    return onePrimary(
      changed,
      changed.filter((_, i) => emails[i] !== changed[i]),
    );
  }
  let made: DirectoryEmail = { value: '', type: null, primary: false };
  for (const { path, value: wanted } of selected ?? []) made = withPart(made, path.attribute, wanted);
  made = change(made);
  return made.value === '' ? emails : onePrimary([...emails, made], [made]);
}

function withPart(email: DirectoryEmail, part: string, value: unknown): DirectoryEmail {
  switch (part) {
    case 'value':
      return { ...email, value: requiredText(value, 'emails.value') };
    case 'type':
      return { ...email, type: textOrNull(value, 'emails.type') };
    case 'primary':
      return { ...email, primary: value !== null && boolean(value, 'emails.primary') };
    default:
      return email;
  }
}

function holds(email: DirectoryEmail, { path: { attribute }, value }: Comparison): boolean {
  switch (attribute) {
    case 'value':
      return typeof value === 'string' && email.value.toLowerCase() === value.toLowerCase();
    case 'type':
      return typeof value === 'string' && email.type?.toLowerCase() === value.toLowerCase();
    case 'primary':
      return email.primary === (value === true || (typeof value === 'string' && value.toLowerCase() === 'true'));
    default:
      throw new ScimInputError('invalidFilter', `emails cannot be selected by ${shown(attribute)}`);
  }
}

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
