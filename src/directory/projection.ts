import { directoryBounds } from '../model/directory.js';
import { ScimInputError } from './refusal.js';

/** The attributes of an answer (RFC 7644 3.9), as `attributes` and `excludedAttributes` ask for them. */
export interface Projection {
  /** Names in lower case, without the name of a schema; null: all. */
  readonly only: ReadonlySet<string> | null;
  /** The attributes of which `only` names a part. */
  readonly inPart: ReadonlySet<string>;
  readonly without: ReadonlySet<string>;
}

/** Returned whatever is asked for: RFC 7643 3.1 and 3. */
const always = new Set(['id', 'schemas']);

export function readProjection(attributes: string | undefined, excluded: string | undefined): Projection {
  const only = attributes === undefined ? null : names(attributes);
  const inPart = [...(only ?? [])].filter((name) => name.includes('.')).map((name) => name.slice(0, name.indexOf('.')));
  return { only, inPart: new Set(inPart), without: names(excluded ?? '') };
}

function names(written: string): ReadonlySet<string> {
  const { names: most, text } = directoryBounds;
  const given = written.length > most * text ? null : written.split(',');
  if (given === null || given.length > most)
    throw new ScimInputError('invalidValue', `at most ${String(most)} attributes are named at once`);
  return new Set(
    given
      .map((name) => name.trim().toLowerCase())
      .map((name) => (name.startsWith('urn:') ? name.slice(name.lastIndexOf(':') + 1) : name))
      .filter((name) => name !== ''),
  );
}

/** Whether the answer has this attribute, or a part of it. */
export function includes({ only, inPart, without }: Projection, attribute: string): boolean {
  const name = attribute.toLowerCase();
  if (always.has(name)) return true;
  if (without.has(name)) return false;
  return only === null || only.has(name) || inPart.has(name);
}

/** The resource with the attributes that are asked for. */
export function project(resource: object, projection: Projection): Record<string, unknown> {
  const shown = Object.entries(resource).filter(([name]) => includes(projection, name));
  return Object.fromEntries(shown.map(([name, value]) => [name, partsOf(name, value as unknown, projection)]));
}

/** The parts of a complex attribute. */
function partsOf(attribute: string, value: unknown, projection: Projection): unknown {
  if (typeof value !== 'object' || value === null || always.has(attribute)) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => partsOf(attribute, one, projection));
  const { only, without } = projection;
  const name = attribute.toLowerCase();
  const whole = only === null || only.has(name);
  const parts = Object.entries(value).filter(([part]) => {
    const full = `${name}.${part.toLowerCase()}`;
    return !without.has(full) && (whole || only.has(full));
  });
  return Object.fromEntries(parts);
}
