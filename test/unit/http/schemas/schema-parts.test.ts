// Tests src/http/schemas/schema-parts.ts
import { Type } from 'typebox';
import { describe, expect, expectTypeOf, it } from 'vitest';
import {
  closed,
  instantOf,
  namedObject,
  nullable,
  ref,
  viewOf,
  type Shown,
} from '../../../../src/http/schemas/schema-parts.js';

const at = new Date('2026-03-01T09:30:00.000Z');

const KeySchema = namedObject('ViewedKey', 'A key.', { algorithm: Type.String(), usedAt: instantOf('When.') });
const schema = closed({
  name: Type.String(),
  groups: Type.Array(Type.String()),
  key: nullable(ref(KeySchema)),
  approvals: Type.Array(closed({ at: instantOf('When.'), comment: nullable(Type.String()) })),
  endsAt: Type.Optional(instantOf('When.')),
});
const view = viewOf(schema);
const plain = { name: 'jane', groups: ['dev'], key: null, approvals: [] };

describe('a view', () => {
  it('has the members of the schema alone, at every depth', () => {
    const secret = 'not for everybody';
    const key = { algorithm: 'Ed25519', usedAt: at, secret };
    const value = { ...plain, secret, key, approvals: [{ at, comment: null, secret }] };
    const shown = view(value);
    expect(shown).toEqual({
      ...plain,
      key: { algorithm: 'Ed25519', usedAt: at.toISOString() },
      approvals: [{ at: at.toISOString(), comment: null }],
    });
    expect(JSON.stringify(shown)).not.toContain('secret');
  });

  it('has the members in the order of the schema', () => {
    const { name, ...others } = plain;
    expect(Object.keys(view({ endsAt: at, ...others, name }))).toEqual([
      'name',
      'groups',
      'key',
      'approvals',
      'endsAt',
    ]);
  });

  it('leaves absent what may be absent', () => {
    expect(JSON.stringify(view(plain))).toBe('{"name":"jane","groups":["dev"],"key":null,"approvals":[]}');
    expect(JSON.stringify(view({ ...plain, endsAt: undefined }))).toBe(JSON.stringify(plain));
  });

  it('fails for an instant that is missing, instead of leaving it out', () => {
    const show = viewOf(closed({ endsAt: instantOf('When.') }));
    expect(() => show({} as never)).toThrow(TypeError);
  });

  it('fails for a schema of several objects, because it cannot know which one a value is', () => {
    const other = Type.Union([closed({ a: Type.String() }), closed({ b: Type.String() })]);
    expect(() => viewOf(other)({ a: '' })).toThrow('no view of one of several schemas');
  });

  it('takes the names of members for names, whatever characters they have', () => {
    const name = '"]: process.exit(1), ["';
    expect(viewOf(closed({ [name]: Type.String() }))({ [name]: 'x' })).toEqual({ [name]: 'x' });
  });

  it('takes the values of the model, and makes those of JSON', () => {
    expectTypeOf<Shown<typeof schema>['endsAt']>().toEqualTypeOf<Date | undefined>();
    expectTypeOf<Shown<typeof schema>['groups']>().toEqualTypeOf<readonly string[]>();
    expectTypeOf(view(plain).endsAt).toEqualTypeOf<string | undefined>();
    expectTypeOf<{ readonly name: string }>().not.toExtend<Shown<typeof schema>>();
    expectTypeOf<
      Omit<Shown<typeof schema>, 'approvals'> & { approvals: [{ at: string; comment: null }] }
    >().not.toExtend<Shown<typeof schema>>();
  });
});
