import { directoryBounds, type GroupCondition, type UserCondition } from '../../model/directory.js';

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
 * The members of a JSON object by their names in lower case: names of attributes are compared without case (RFC 7643
 * 2.1). A `Map`, so that no name leads to a prototype.
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
  const found = asBoolean(value);
  if (found === null) throw new ScimInputError('invalidValue', `${what} must be true or false`);
  return found;
}

function asBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  return typeof value === 'string' && /^(?:true|false)$/i.test(value) ? value.toLowerCase() === 'true' : null;
}

/**
 * The elements of a multi-valued attribute. One that stands alone counts as a list of one; null as an empty list.
 * Throws where there are more of them than `most`, before any is looked at.
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

/** An attribute as a filter or a path names it, its parts in lower case. RFC 7644 figure 1. */
interface AttributePath {
  /** The schema of an extension; null: the attribute belongs to the resource itself. */
  readonly schema: string | null;
  readonly attribute: string;
  /** Null: the attribute as a whole. */
  readonly sub: string | null;
}

/** A comparison with `eq`. */
export interface Comparison {
  readonly path: AttributePath;
  readonly value: string | number | boolean | null;
}

/** `attribute[conditions].sub`; without conditions, the path alone. */
export interface ValuePath {
  readonly path: AttributePath;
  /** The conditions in brackets; null: there are no brackets. */
  readonly selected: readonly Comparison[] | null;
}

type FilterTerm = ValuePath & { readonly value: Comparison['value'] };

const core = [uris.user, uris.group].map((uri) => uri.toLowerCase());
const attributeName = /^[a-z$][a-z0-9$_-]*$/i;

/** Reads `urn:…:User:name.givenName`, `name.givenName`, `members`. Throws `ScimInputError`. */
function readAttributePath(written: string, scimType: 'invalidPath' | 'invalidFilter'): AttributePath {
  const refuse = () => new ScimInputError(scimType, `${shown(written)} names no attribute`);
  let schema: string | null = null;
  let rest = written;
  if (/^urn:/i.test(written)) {
    // The version of a schema's name has a dot too, so the attribute begins behind the last colon.
    const known = [...core, uris.enterprise.toLowerCase()].find((uri) => written.toLowerCase() === uri);
    if (known !== undefined) return { schema: known, attribute: '', sub: null };
    const colon = written.lastIndexOf(':');
    schema = written.slice(0, colon).toLowerCase();
    rest = written.slice(colon + 1);
  }
  const [attribute = '', sub = null, ...more] = rest.split('.');
  if (more.length > 0 || !attributeName.test(attribute) || (sub !== null && !attributeName.test(sub))) throw refuse();
  return {
    schema: schema === null || core.includes(schema) ? null : schema,
    attribute: attribute.toLowerCase(),
    sub: sub === null ? null : sub.toLowerCase(),
  };
}

/** Reads a PATCH's path, such as `members[value eq "…"]` or `active`. Throws `ScimInputError`. */
export function readPath(written: string): ValuePath {
  if (written.length > directoryBounds.filter) throw new ScimInputError('invalidPath', 'the path is too long');
  const scanner = new Scanner(written, 'invalidPath');
  const path = scanner.valuePath();
  scanner.end();
  return path;
}

/** Attributes with one text, by their names in lower case. */
const textAttributes = {
  username: 'userName',
  externalid: 'externalId',
  displayname: 'displayName',
  id: 'id',
} as const;

/** The filters of the list of users. */
export function readUserFilter(written: string): readonly UserCondition[] {
  return readTerms(written).map((term): UserCondition => {
    const { path, selected, value } = term;
    const name = nameOf(path);
    if (selected === null)
      switch (name) {
        case 'username':
        case 'externalid':
        case 'displayname':
        case 'id':
          return { attribute: textAttributes[name], value: textIn(term) };
        case 'active': {
          const active = asBoolean(value);
          if (active !== null) return { attribute: 'active', value: active };
          throw new ScimInputError('invalidFilter', 'active is compared with true or false');
        }
        case 'emails':
        case 'emails.value':
          return { attribute: 'email', value: textIn(term), type: null };
        default:
          if (!isOfEnterprise(path)) throw cannot(path);
          return { attribute: 'notKept', value: textIn(term) };
      }
    if (name !== 'emails.value') throw cannot(path);
    const [condition, ...others] = selected;
    if (condition === undefined || others.length > 0 || nameOf(condition.path) !== 'type') throw cannot(path);
    return { attribute: 'email', value: textIn(term), type: textIn(condition) };
  });
}

/** Entra looks up by these whether somebody has the manager that it knows. Nobody has what is not kept. */
const isOfEnterprise = ({ schema, attribute }: AttributePath): boolean =>
  schema === uris.enterprise.toLowerCase() || (schema === null && attribute === 'manager');

/** The filters of the list of groups. */
export function readGroupFilter(written: string): readonly GroupCondition[] {
  return readTerms(written).map((term): GroupCondition => {
    const { path, selected } = term;
    if (selected !== null) throw cannot(path);
    const name = nameOf(path);
    switch (name) {
      case 'displayname':
      case 'externalid':
      case 'id':
        return { attribute: textAttributes[name], value: textIn(term) };
      case 'members':
      case 'members.value':
        return { attribute: 'member', value: textIn(term) };
      default:
        throw cannot(path);
    }
  });
}

const nameOf = ({ schema, attribute, sub }: AttributePath): string =>
  `${schema === null ? '' : `${schema}:`}${attribute}${sub === null ? '' : `.${sub}`}`;

const cannot = (path: AttributePath) =>
  new ScimInputError('invalidFilter', `a list cannot be filtered by ${shown(nameOf(path))}`);

function textIn({ path, value }: Comparison): string {
  if (typeof value !== 'string')
    throw new ScimInputError('invalidFilter', `${shown(nameOf(path))} is compared with a string`);
  return value;
}

/**
 * `emails[type eq "work" and value eq "…"]`, which is not compared with anything, as `emails[type eq "work"].value eq
 * "…"`.
 */
function elementWith({ path, selected }: ValuePath): FilterTerm | null {
  if (selected === null || path.sub !== null) return null;
  const [compared, ...more] = selected.filter((condition) => nameOf(condition.path) === 'value');
  if (compared === undefined || more.length > 0) throw cannot(path);
  const others = selected.filter((condition) => condition !== compared);
  return {
    path: { ...path, sub: 'value' },
    selected: others.length === 0 ? null : others,
    value: compared.value,
  };
}

function readTerms(written: string): readonly FilterTerm[] {
  if (written.length > directoryBounds.filter) throw new ScimInputError('invalidFilter', 'the filter is too long');
  const scanner = new Scanner(written, 'invalidFilter');
  const terms: FilterTerm[] = [];
  do {
    if (terms.length === directoryBounds.conditions)
      throw new ScimInputError(
        'invalidFilter',
        `a filter has at most ${String(directoryBounds.conditions)} conditions`,
      );
    const found = scanner.valuePath();
    terms.push(elementWith(found) ?? { ...found, value: scanner.comparedValue() });
  } while (scanner.passAnd());
  scanner.end();
  return terms;
}

/** The part of the filter grammar that we take: `eq`, `and`, and one pair of brackets. It never goes back. */
class Scanner {
  #at = 0;

  constructor(
    private readonly written: string,
    private readonly scimType: 'invalidPath' | 'invalidFilter',
  ) {}

  valuePath(): ValuePath {
    const first = this.#take(word);
    const path = readAttributePath(first, this.scimType);
    if (this.written[this.#at] !== '[') return { path, selected: null };
    this.#at += 1;
    const selected: Comparison[] = [];
    do {
      if (selected.length === directoryBounds.conditions) throw this.#refuse();
      this.#blanks();
      selected.push({ path: readAttributePath(this.#take(word), this.scimType), value: this.comparedValue() });
    } while (this.passAnd());
    this.#blanks();
    if (this.written[this.#at] !== ']') throw this.#refuse();
    this.#at += 1;
    if (path.sub !== null) throw this.#refuse();
    if (this.written[this.#at] !== '.') return { path, selected };
    this.#at += 1;
    const sub = this.#take(word);
    if (!attributeName.test(sub)) throw this.#refuse();
    return { path: { ...path, sub: sub.toLowerCase() }, selected };
  }

  /** Passes `eq` and the value behind it. */
  comparedValue(): Comparison['value'] {
    this.#blanks();
    const operator = this.#take(word);
    if (operator.toLowerCase() !== 'eq')
      throw new ScimInputError(
        this.scimType,
        `${shown(operator)} is no operator here: eq is, and conditions joined by and`,
      );
    this.#blanks();
    const value = this.#parsed(this.#take(literal));
    // Half of a character is in no database.
    if (typeof value === 'string' && !value.isWellFormed()) throw this.#refuse();
    return value;
  }

  #parsed(found: string): Comparison['value'] {
    try {
      return JSON.parse(/^(?:true|false|null)$/i.test(found) ? found.toLowerCase() : found) as Comparison['value'];
    } catch {
      throw this.#refuse();
    }
  }

  passAnd(): boolean {
    const before = this.#at;
    this.#blanks();
    and.lastIndex = this.#at;
    if (this.#at > before && and.test(this.written)) {
      this.#at = and.lastIndex;
      this.#blanks();
      return true;
    }
    this.#at = before;
    return false;
  }

  end(): void {
    this.#blanks();
    if (this.#at < this.written.length) throw this.#refuse();
  }

  /** `pattern` is sticky. */
  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.written)?.[0];
    if (found === undefined) throw this.#refuse();
    this.#at += found.length;
    return found;
  }

  #blanks(): void {
    while (this.written[this.#at] === ' ') this.#at += 1;
  }

  #refuse(): ScimInputError {
    const what = this.scimType === 'invalidPath' ? 'path' : 'filter';
    return new ScimInputError(this.scimType, `the ${what} cannot be read from character ${String(this.#at + 1)} on`);
  }
}

const word = /[A-Za-z0-9$_.:-]+/y;
/** A JSON string, a number, or one of the three words. */
// eslint-disable-next-line no-control-regex -- RFC 8259 7: controls do not stand in a string
const literal = /"(?:[^"\\\u0000-\u001f]|\\.)*"|-?[0-9]{1,15}|(?:true|false|null)(?![A-Za-z0-9_])/iy;
const and = /and(?= )/iy;
