import { uris } from '../../src/directory/scim/scim-input.js';
import { mutateJson } from './mutate-text.js';
import type { Random } from './random.js';

/** The things that are there, so that mutants name them. */
export interface Known {
  readonly userIds: readonly string[];
  readonly groupIds: readonly string[];
  /** Names that people have, had or may get. */
  readonly names: readonly string[];
  readonly groupNames: readonly string[];
}

export type Resource = 'Users' | 'Groups';

interface Operation {
  readonly [member: string]: unknown;
  readonly op: unknown;
  readonly path?: unknown;
  readonly value?: unknown;
}

const hostile = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  '__defineSetter__',
  '__proto__.polluted',
  'constructor.prototype.polluted',
  'constructor.prototype',
  'emails.__proto__',
  'name.constructor',
  'name.__proto__.polluted',
  'emails[type eq "work"].__proto__',
  'members[value eq "x"].constructor',
  'name.toString',
];

const texts = [
  'x',
  'Jane Doe',
  'Ωmega',
  'İstanbul',
  'straße',
  'STRASSE',
  'e\u0301',
  'ﬁ',
  '\u202eabc',
  'a\u200bb',
  '𝒳',
  '👩‍👩‍👧',
  ' padded ',
  '"quoted\\"',
  'a,b',
  '\'; DROP TABLE "DirectoryUser"; --',
  '%00',
  '$(id)',
  'true',
  '7',
  'null',
  '[]',
  'y'.repeat(256),
  ...hostile,
];
const refusedTexts = [
  '',
  ' ',
  'a\u0000b',
  '\u0085',
  '\u2028',
  'half \ud800',
  '\udc00 half',
  'y'.repeat(257),
  'z'.repeat(70_000),
];

const otherTypes: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1e300,
  [],
  {},
  [[]],
  [null],
  { value: null },
  { toString: 1 },
  { valueOf: 'x', then: 1 },
  { length: 9 },
  ['a', 1, {}],
  { constructor: { prototype: { polluted: true } } },
  { prototype: 1, hasOwnProperty: 1 },
];

const nested = (depth: number): unknown => {
  let value: unknown = 'x';
  for (let i = 0; i < depth; i++) value = i % 2 === 0 ? [value] : { value, a: value === 'x' ? 1 : undefined };
  return value;
};

/** Most often a text that is taken. */
const textOf = (random: Random): string => random.pick(random.once(20) ? refusedTexts : texts);

const flagOf = (random: Random): unknown => random.pick([true, false, true, false, 'True', 'False', 'true', 'FALSE']);

const cased = (text: string, random: Random): string =>
  random.pick([text, text, text, text.toLowerCase(), text.toUpperCase()]);

function nameOf(random: Random, { names }: Known): string {
  if (random.once(12)) return textOf(random);
  return cased(random.pick(names), random);
}

const emailTypes = ['work', 'Work', 'home', 'other'];
const emailOf = (random: Random, known: Known): unknown =>
  random.pick<() => unknown>([
    () => ({ value: nameOf(random, known), type: random.pick(emailTypes), primary: flagOf(random) }),
    () => ({ value: nameOf(random, known), type: random.pick(emailTypes), display: textOf(random) }),
    () => ({ Value: nameOf(random, known) }),
    () => ({}),
    () => nameOf(random, known),
  ])();

const some = <T>(random: Random, most: number, one: () => T): readonly T[] =>
  Array.from({ length: random.between(0, most) }, one);

const memberOf = (random: Random, { userIds, groupIds }: Known): unknown => {
  const value = random.once(12) ? random.pick([...groupIds, '4711', textOf(random)]) : random.pick(userIds);
  return random.pick<() => unknown>([
    () => ({ value }),
    () => ({ $ref: null, value }),
    () => ({ value, display: textOf(random), type: 'User', $ref: `https://x/scim/v2/Users/${value}` }),
    () => ({ VALUE: value }),
    () => value,
  ])();
};

interface Target {
  /** A path of which no part is in brackets can be a member's name, too. */
  readonly path: (random: Random, known: Known) => string;
  readonly value: (random: Random, known: Known) => unknown;
  /** It can go. */
  readonly removable: boolean;
}

const plain = (path: string, value: Target['value'], removable = true): Target => ({
  path: () => path,
  value,
  removable,
});
const quoted = (text: string): string => JSON.stringify(text.toWellFormed());

/** Each value that a list has stands for its own weight: the first ones lead to more than the others. */
const targets: Readonly<Record<Resource, readonly Target[]>> = {
  Users: [
    plain('active', flagOf, false),
    plain('active', flagOf, false),
    plain('userName', nameOf, false),
    plain('userName', nameOf, false),
    plain('displayName', textOf),
    plain('externalId', (random) => random.pick(['4711', '4712', '4713', textOf(random)])),
    plain('name', (random) => ({ givenName: textOf(random), familyName: textOf(random), honorificPrefix: 'x' })),
    plain('name.givenName', textOf),
    plain('name.familyName', textOf),
    plain('name.formatted', textOf),
    plain('name.middleName', textOf),
    plain('emails', (random, known) => some(random, 4, () => emailOf(random, known))),
    plain('emails', emailOf),
    {
      path: (random) =>
        `emails[type eq ${quoted(random.pick(emailTypes))}].${random.pick(['value', 'value', 'type', 'primary', 'display'])}`,
      value: (random, known) => (random.once(3) ? flagOf(random) : nameOf(random, known)),
      removable: true,
    },
    {
      path: (random, known) =>
        `emails[type eq ${quoted(random.pick(emailTypes))} and value eq ${quoted(nameOf(random, known))}]`,
      value: emailOf,
      removable: true,
    },
    { path: () => 'emails[primary eq true]', value: emailOf, removable: true },
    plain('password', textOf),
    plain('title', textOf),
    plain('phoneNumbers[type eq "work"].value', textOf),
    plain('addresses', () => [{ type: 'work', country: 'x' }]),
    plain(`${uris.enterprise}:employeeNumber`, textOf),
    plain(`${uris.enterprise}:manager`, () => ({ value: '26118915' })),
    plain('roles', () => nested(9)),
  ],
  Groups: [
    plain('members', (random, known) => some(random, 5, () => memberOf(random, known))),
    plain('members', (random, known) => some(random, 5, () => memberOf(random, known))),
    plain('members', memberOf),
    {
      path: (random, { userIds }) => `members[value eq ${quoted(random.pick(userIds))}]`,
      value: (random, known) => [memberOf(random, known)],
      removable: true,
    },
    plain('displayName', (random, { groupNames }) => cased(random.pick([...groupNames, ...texts]), random), false),
    plain('externalId', (random) => random.pick(['4711', textOf(random)])),
    plain('description', textOf),
    plain(`${uris.enterprise}:x`, () => nested(5)),
  ],
};

/** Writes of what the service alone sets: refused as a path, dropped as a member. */
const readOnly = ['id', 'meta', 'meta.version', 'schemas', 'groups', 'groups[value eq "x"]', 'ID', 'Meta.Location'];

const core = { Users: uris.user, Groups: uris.group } as const;

function operationOf(random: Random, type: Resource, known: Known): Operation {
  const target = random.pick(targets[type]);
  const kinds = target.removable ? ['add', 'replace', 'remove'] : ['add', 'replace'];
  const kind = random.pick(kinds);
  const op = random.once(3) ? random.pick([kind.toUpperCase(), `${kind[0]?.toUpperCase()}${kind.slice(1)}`]) : kind;
  const bare = target.path(random, known);
  const path = cased(random.once(6) && !bare.startsWith('urn:') ? `${core[type]}:${bare}` : bare, random);
  const named = path.includes('"') ? bare : path;
  const value = target.value(random, known);
  if (kind === 'remove') return random.once(3) ? { op, path: named, value } : { op, path: named };
  // Entra’s newer dialect and Okta give the attributes as members, the older one of Entra gives a path.
  const dialect = random.below(5);
  if (dialect === 0) return { op, value: { [named]: value, ...dropped(random) } };
  if (dialect === 1 && /^[a-z]+\.[a-z]+$/i.test(bare)) {
    const [attribute = '', part = ''] = bare.split('.');
    return { op, value: { [attribute]: { [part]: value }, ...dropped(random) } };
  }
  if (dialect === 2 && random.once(3)) return { op, path: core[type], value: { [bare]: value } };
  return { op, path: named, value };
}

function dropped(random: Random): object {
  if (!random.once(2)) return {};
  return random.pick<object>([
    { id: 'another' },
    { id: null, meta: { version: 'W/"99"' } },
    { schemas: [uris.user, uris.enterprise] },
    { groups: [{ value: 'x' }] },
    { [uris.enterprise]: { department: 'x' } },
    { nickName: 'x', 'a b': 1 },
    { valueOf: 1, toString: 2, prototype: 3 },
    { [random.pick(hostile.slice(3))]: { polluted: true } },
  ]);
}

type Change = (operations: Operation[], at: number, random: Random) => void;
const set = (operations: Operation[], at: number, members: object): void => {
  const before = operations[at];
  if (before !== undefined) operations[at] = { ...before, ...members };
};

/** Changes of one operation, or of their list. Some are still a PATCH that is taken. */
const changes: readonly Change[] = [
  (operations, at) => void operations.splice(at, 0, ...operations.slice(at, at + 1)),
  (operations) => void operations.reverse(),
  (operations, at) => void operations.splice(at, 1),
  (operations, at, random) =>
    set(operations, at, { op: random.pick<unknown>(['add', 'remove', 'replace', 'move', 'ADD ', '', null, {}, 7]) }),
  (operations, at, random) => set(operations, at, { path: random.pick([...readOnly, ...hostile]) }),
  (operations, at, random) => set(operations, at, { value: random.pick(otherTypes) }),
  (operations, at, random) => set(operations, at, { value: textOf(random) }),
  (operations, at, random) => set(operations, at, { value: nested(random.pick([3, 30, 300, 3_000])) }),
  (operations, at, random) => set(operations, at, { [random.pick(['note', 'from', 'Value', 'Path', ...hostile])]: 1 }),
  (operations, at) => set(operations, at, { path: undefined }),
  (operations, at) => set(operations, at, { value: undefined }),
  (operations, at, random) => {
    const path = operations[at]?.path;
    if (typeof path === 'string') set(operations, at, { path: cut(path, random) });
  },
  (operations, at, random) => {
    const one = operations[at];
    const many = random.once(40) ? random.pick([999, 1_000, 1_001]) : random.pick([5, 30]);
    if (one !== undefined) operations.push(...Array.from({ length: many - operations.length }, () => one));
  },
];

const pieces = [
  '[',
  ']',
  '"',
  '\\',
  ' ',
  ' eq ',
  ' and ',
  '.',
  ':',
  '(',
  'urn:',
  '\u0000',
  '\ud800',
  '%',
  'true',
  '__proto__',
  '𝒳',
  '9'.repeat(40),
];

/** Puts a piece into a text, where some of it may go. */
function cut(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const piece = random.once(20) ? random.pick(pieces).repeat(random.pick([10, 300, 3_000])) : random.pick(pieces);
  return text.slice(0, at) + piece + text.slice(at + random.pick([0, 0, 1, 5]));
}

/** The body of a PATCH. */
export function patchMutant(random: Random, type: Resource, known: Known): string {
  const operations = Array.from({ length: random.pick([1, 1, 1, 2, 2, 3, 6]) }, () => operationOf(random, type, known));
  for (let times = random.pick([0, 0, 0, 0, 1, 1, 2]); times > 0; times--)
    if (operations.length > 0) random.pick(changes)(operations, random.below(operations.length), random);
  const schemas = random.once(30)
    ? random.pick<unknown>([[], uris.patch, [uris.user], [uris.patch.toUpperCase()], null, [uris.user, uris.patch]])
    : [uris.patch];
  const members: readonly (readonly [string, unknown])[] = [
    ['schemas', schemas],
    [random.once(20) ? random.pick(['operations', 'OPERATIONS', 'Operation']) : 'Operations', operations],
    ...(random.once(20) ? [[random.pick([...hostile, 'id', 'meta']), random.pick(otherTypes)] as const] : []),
  ];
  // Not a literal, in which `__proto__` would set the prototype.
  const body = JSON.stringify(Object.fromEntries(members));
  return random.once(12) ? mutateJson(body, random, (octets) => octets) : body;
}

const filters: Readonly<Record<Resource, readonly ((random: Random, known: Known) => string)[]>> = {
  Users: [
    (random, known) => `userName eq ${quoted(nameOf(random, known))}`,
    (random) => `externalId eq ${quoted(random.pick(['4711', textOf(random)]))}`,
    (random, { userIds }) => `id eq ${quoted(random.pick(userIds))}`,
    (random) => `displayName eq ${quoted(textOf(random))}`,
    (random) => `active eq ${random.pick(['true', 'false', '"True"', 'TRUE'])}`,
    (random, known) => `emails.value eq ${quoted(nameOf(random, known))}`,
    (random, known) => `emails[type eq ${quoted(random.pick(emailTypes))}].value eq ${quoted(nameOf(random, known))}`,
    (random, known) => `emails[type eq "work" and value eq ${quoted(nameOf(random, known))}]`,
    (random) => `${uris.enterprise}:employeeNumber eq ${quoted(textOf(random))}`,
  ],
  Groups: [
    (random, { groupNames }) => `displayName eq ${quoted(random.pick(groupNames))}`,
    (random) => `externalId eq ${quoted(textOf(random))}`,
    (random, { groupIds }) => `id eq ${quoted(random.pick(groupIds))}`,
    (random, { userIds }) => `members.value eq ${quoted(random.pick(userIds))}`,
    (random, { userIds }) => `members[value eq ${quoted(random.pick(userIds))}]`,
  ],
};

export function filterMutant(random: Random, type: Resource, known: Known): string {
  const terms = Array.from({ length: random.pick([1, 1, 2, 3, 11]) }, () => {
    const term = random.pick(filters[type])(random, known);
    return random.once(6) && !term.startsWith('urn:') ? `${core[type]}:${term}` : term;
  });
  let filter = terms.join(random.pick([' and ', ' and ', ' AND ', '  and  ']));
  for (let times = random.pick([0, 0, 1, 2, 3]); times > 0; times--) filter = cut(filter, random);
  return filter.slice(0, 5_000);
}
