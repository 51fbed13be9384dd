import type { NamedSchemas, Schema } from './example-of.js';
import { inTitleCase } from './open-api.js';

/** A place where an object stands in another schema, which can refer to it by a name. */
interface Place {
  readonly object: Schema;
  /** The names that suit it, the best first. */
  readonly names: readonly string[];
  replace(by: Schema): void;
}

/** Gives objects that stand in several places a name, and lets the places refer to them. The largest come first. */
export function nameRepeatedObjects(schemas: NamedSchemas): void {
  for (let repeated = mostRepeated(schemas); repeated !== null; repeated = mostRepeated(schemas)) {
    const { object, names } = repeated.first;
    const [short] = names;
    const haveShort = repeated.places.every((place) => place.names[0] === short);
    const name = names.find((one) => !(one in schemas) && (haveShort || one !== short)) ?? `${names.at(-1)}Again`;
    Object.assign(schemas, { [name]: object });
    for (const place of repeated.places) {
      const { description } = place.object;
      place.replace({ $ref: `#/components/schemas/${name}`, ...(description && { description }) });
    }
  }
}

function mostRepeated(schemas: NamedSchemas): { readonly first: Place; readonly places: readonly Place[] } | null {
  const places = Object.entries(schemas).flatMap(([name, schema]) => membersIn(schema, [name]));
  const byText = Map.groupBy(places, ({ object: { description: _, ...rest } }) => JSON.stringify(rest));
  const [largest] = [...byText]
    .filter(([, same]) => same.length > 1)
    .toSorted(([a], [b]) => b.length - a.length)
    .map(([, same]) => same);
  const [first] = largest ?? [];
  return largest && first ? { first, places: largest } : null;
}

const inSingular = (name: string): string => name.replace(/s$/, '');

/** The objects in a schema, without itself. */
function membersIn(schema: Schema, names: readonly string[]): Place[] {
  const { properties = {}, items, anyOf = [] } = schema;
  return [
    ...Object.entries(properties).flatMap(([name, member]) => {
      const short = inTitleCase(name);
      return placesIn(member, [short, `${names.at(-1)}${short}`], (by) => Object.assign(properties, { [name]: by }));
    }),
    ...(items ? placesIn(items, names.map(inSingular), (by) => Object.assign(schema, { items: by })) : []),
    ...anyOf.flatMap((one, at) => placesIn(one, names, (by) => Object.assign(anyOf, { [at]: by }))),
  ];
}

const placesIn = (schema: Schema, names: readonly string[], replace: Place['replace']): Place[] => [
  ...(schema.properties ? [{ object: schema, names, replace }] : []),
  ...membersIn(schema, names),
];
