import { type Static, type TProperties, type TSchema, Type } from 'typebox';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { didYouMean } from '@kubepass/inspect/formats';

/** The schema of an object that has no other fields. */
export const closedObject = <Fields extends TProperties>(description: string | null, fields: Fields) =>
  Type.Object(fields, { additionalProperties: false, ...(description !== null && { description }) });

/** The schema of a text of 1 to so many characters. */
export const textSchema = (maxLength: number, description?: string) =>
  Type.String({ minLength: 1, maxLength, ...(description !== undefined && { description }) });

/** The schema of a list of at most so many items. */
export const listSchema = <Item extends TSchema>(items: Item, maxItems: number, description?: string) =>
  Type.Array(items, { maxItems, ...(description !== undefined && { description }) });

/** One error in a document, with its place as a JSON pointer. */
export interface DocumentError {
  readonly path: string;
  readonly message: string;
}

type ShapeResult<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly DocumentError[] };

/** The value with the type of the schema, or every departure from the schema. */
export function checkShape<T extends TSchema>(schema: T, value: unknown): ShapeResult<Static<T>> {
  if (Value.Check(schema, value)) return { ok: true, value };
  return { ok: false, errors: allErrors(schema, value).flatMap((error) => documentErrors(error, schema, value)) };
}

type SchemaError = ReturnType<typeof allErrors>[number];

function documentErrors(error: SchemaError, schema: TSchema, value: unknown): readonly DocumentError[] {
  const path = error.instancePath;
  switch (error.keyword) {
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => ({
        path: `${path}/${name}`,
        message: `is not a known field${didYouMean(name, fieldsAt(schema, error.schemaPath))}`,
      }));
    case 'boolean':
      return []; // The error for `additionalProperties` says the same.
    case 'required':
      return error.params.requiredProperties.map((name) => ({ path: `${path}/${name}`, message: 'is missing' }));
    case 'enum':
      return [{ path, message: mustBeOneOf(error.params.allowedValues.map(String), Value.Pointer.Get(value, path)) }];
    case 'const':
      return [{ path, message: `must be ${String(error.params.allowedValue)}` }];
    default:
      return [{ path, message: error.message }];
  }
}

/** The message about a value that is not among these. */
export function mustBeOneOf(values: readonly string[], found: unknown): string {
  return `must be one of ${values.join(', ')}${typeof found === 'string' ? didYouMean(found, values) : ''}`;
}

/** The fields of the object whose schema is at `#/properties/spec` … in another one. */
function fieldsAt(schema: TSchema, schemaPath: string): readonly string[] {
  const { properties = {} } = Value.Pointer.Get(schema, schemaPath.slice(1)) as { readonly properties?: object };
  return Object.keys(properties);
}

/** The library stops after a few errors, and its limit is a setting of the whole process. */
function allErrors(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1000 });
  try {
    return Value.Errors(schema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}
