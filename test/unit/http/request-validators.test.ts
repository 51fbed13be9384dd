// Tests src/http/hooks/request-input.ts
import { expect, it } from 'vitest';
import { buildRequestValidator } from '../../../src/http/hooks/request-input.js';

type Validator = (value: unknown) => unknown;

const options = { customOptions: { allErrors: true } };
const compilerOf = (...names: readonly string[]) =>
  buildRequestValidator(Object.fromEntries(names.map(($id) => [$id, { $id, type: 'string' }])), options);
const validatorOf = (schema: object, httpPart: string, names: readonly string[] = ['One', 'Two']) =>
  (compilerOf(...names) as unknown as (route: object) => Validator)({ schema, httpPart, method: 'GET', url: '/' });

const header = { type: 'object', properties: { Prefer: { type: 'string', maxLength: 3 } } };

it('checks header fields, whose names Node has in lower case', () => {
  const validate = validatorOf(header, 'headers');
  expect([validate({ prefer: 'abc' }), validate({ prefer: 'abcd' }), validate({})]).toEqual([true, false, true]);
  const required = validatorOf({ ...header, required: ['Prefer'] }, 'headers');
  expect([required({ prefer: 'abc' }), required({})]).toEqual([true, false]);
});

it('leaves the names in other parts as they are', () => {
  const validate = validatorOf(header, 'querystring');
  expect([validate({ Prefer: 'abcd' }), validate({ prefer: 'abcd' })]).toEqual([false, true]);
});

it.each([
  [{ ...header, patternProperties: {} }, 'patternProperties'],
  [{ $ref: 'One#' }, '$ref'],
  [{ type: 'object' }, 'no properties'],
])('takes no schema of header fields of which a part would go without effect: %j', (schema, named) => {
  expect(() => validatorOf(schema, 'headers')).toThrow(`the schema of header fields has ${named}`);
});

it('builds one compiler for each set of named schemas', () => {
  expect(compilerOf('One', 'Two')).toBe(compilerOf('Two', 'One'));
  expect(compilerOf('One')).not.toBe(compilerOf('One', 'Two'));
  expect(validatorOf({ $ref: 'One#' }, 'body')('text')).toBe(true);
  expect(validatorOf({ $ref: 'One#' }, 'body')({})).toBe(false);
});

it('compiles a schema when the first value comes', () => {
  const validate = validatorOf({ type: 'strong' }, 'body');
  expect(() => validate('text')).toThrow('schema is invalid');
});

it('answers what is wrong with a value, and nothing of the value before', () => {
  const validate = validatorOf({ type: 'string' }, 'body') as Validator & { readonly errors: readonly object[] | null };
  expect([validate({}), validate.errors]).toMatchObject([false, [{ keyword: 'type' }]]);
  expect([validate('text'), validate.errors]).toEqual([true, null]);
});
