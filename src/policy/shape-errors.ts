import type { Static, TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';

/** One thing that is wrong in a document: where, as a JSON pointer, and what. */
export interface DocumentError {
  readonly path: string;
  readonly message: string;
}

export type Shaped<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly errors: readonly DocumentError[] };

/** The value as the schema types it, or everything in which it departs from the schema. */
export function shaped<T extends TSchema>(schema: T, value: unknown): Shaped<Static<T>> {
  if (Value.Check(schema, value)) return { ok: true, value };
  return { ok: false, errors: allErrors(schema, value).flatMap(documentErrors) };
}

type SchemaError = ReturnType<typeof allErrors>[number];

function documentErrors(error: SchemaError): readonly DocumentError[] {
  const path = error.instancePath;
  switch (error.keyword) {
    case 'additionalProperties':
      return error.params.additionalProperties.map((name) => ({
        path: `${path}/${name}`,
        message: 'is not a known field',
      }));
    case 'boolean':
      return []; // additionalProperties says it, too
    case 'required':
      return error.params.requiredProperties.map((name) => ({ path: `${path}/${name}`, message: 'is missing' }));
    case 'enum':
      return [{ path, message: `must be one of ${error.params.allowedValues.join(', ')}` }];
    case 'const':
      return [{ path, message: `must be ${String(error.params.allowedValue)}` }];
    default:
      return [{ path, message: error.message }];
  }
}

/** The library stops after a few errors unless told otherwise, which can only be told for the whole process. */
function allErrors(schema: TSchema, value: unknown) {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1000 });
  try {
    return Value.Errors(schema, value);
  } finally {
    Settings.Set({ maxErrors });
  }
}
