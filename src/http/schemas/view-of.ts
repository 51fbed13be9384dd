import { compileFunction } from 'node:vm';
import { Type, type Static, type StaticDecode, type TSchema } from 'typebox';

/** The type of the values that a view takes: the model's own, which are read-only and hold instants. */
export type Shown<Schema extends TSchema> = ReadOnly<StaticDecode<Schema>>;

type ReadOnly<T> = T extends Date
  ? T
  : T extends readonly (infer Item)[]
    ? readonly ReadOnly<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: ReadOnly<T[Key]> | (object extends Pick<T, Key> ? undefined : never) }
      : T;

/** Makes the JSON value of one value; null: the value is its own JSON value. */
type Show = ((value: unknown) => unknown) | null;

/**
 * Makes the values of answers from those of the model: the members that the schema has, in its order, and no others. So a new
 * field of the model is shown to nobody before a schema has it. An instant becomes text. Throws, at its first use, for a schema
 * that leaves the choice between several objects.
 */
export function viewOf<Schema extends TSchema>(schema: Schema): (value: Shown<Schema>) => Static<Schema> {
  let show: Show | undefined;
  return (value) => {
    show ??= showOf(schema);
    return (show === null ? value : show(value)) as Static<Schema>;
  };
}

function showOf(schema: TSchema): Show {
  if (Type.IsCodec(schema)) return schema['~codec'].encode;
  if (Type.IsObject(schema)) return showObject(schema.properties);
  if (Type.IsArray(schema)) return showItems(showOf(schema.items));
  const [one, nothing, ...others] = Type.IsUnion(schema) ? schema.anyOf : [];
  if (one && nothing && Type.IsNull(nothing) && others.length === 0) return showUnlessNull(showOf(one));
  if ('anyOf' in schema || 'oneOf' in schema || '$ref' in schema)
    throw new Error(`no view of one of several schemas: ${JSON.stringify(schema)}`);
  return null;
}

const showItems = (show: Show): Show => show && ((items) => (items as readonly unknown[]).map((item) => show(item)));

const showUnlessNull = (show: Show): Show => show && ((value) => (value === null ? null : show(value)));

/** Compiled from the names of the members, as Ajv compiles validators: a loop over them takes ten times as long. */
function showObject(properties: Readonly<Record<string, TSchema>>): Show {
  const shows = Object.values(properties).map(showOf);
  const members = Object.entries(properties).map(([name, schema], at) => {
    const given = `value[${JSON.stringify(name)}]`;
    const absent = Type.IsOptional(schema) ? `${given} === undefined ? undefined : ` : '';
    return `${JSON.stringify(name)}: ${shows[at] ? `${absent}shows[${at}](${given})` : given}`;
  });
  const made = compileFunction(`return (value) => ({ ${members.join(', ')} });`, ['shows']);
  return (made as (shows: readonly Show[]) => Show)(shows);
}
