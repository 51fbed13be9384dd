import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { nearestName } from '@kubepass/inspect/formats';
import type { ReportProblem } from './setting.js';

/** Reports every difference between the schema and a value that stands at `path`, a JSON Pointer. */
export function reportDifferences(schema: TSchema, value: unknown, path: string, report: ReportProblem): void {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1000 }); // the library stops after a few errors, and has no narrower switch
  try {
    for (const { keyword, instancePath, params, message } of Value.Errors(schema, value)) {
      const at = path + instancePath;
      const given = () => `, not ${described(at, valueAt(value, instancePath))}`;
      if (keyword === 'additionalProperties')
        for (const name of params.additionalProperties)
          report(`${at}/${name}`, `is not a known setting; ${advice(name, settingsAt(schema, instancePath))}`);
      else if (keyword === 'required')
        for (const name of params.requiredProperties) report(`${at}/${name}`, 'is missing');
      else if (keyword === 'enum') report(at, `must be one of ${params.allowedValues.join(', ')}${given()}`);
      else if (/Items|Length/.test(keyword)) report(at, message);
      else if (keyword === 'type') report(at, `must be ${types[String(params.type)] ?? String(params.type)}${given()}`);
      else if (keyword !== 'boolean') report(at, message + given()); // `boolean` repeats additionalProperties
    }
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** The types of JSON Schema, as people call them. */
const types: Readonly<Record<string, string>> = {
  ...{ object: 'a group of settings', array: 'a list', string: 'a text', boolean: 'true or false' },
  ...{ integer: 'a whole number', number: 'a number' },
};

/** Settings beside the unknown setting: the most likely one, else all of them. */
const advice = (name: string, known: readonly string[]): string => {
  const meant = nearestName(name, known);
  return meant === null ? `here are ${known.join(', ')}` : `did you mean ${meant}?`;
};

/**
 * The value for a message. A text may be a secret in the wrong place, so only numbers and words such as `true` are
 * repeated.
 */
function described(path: string, value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'this list';
  if (typeof value === 'object' && value !== null) return 'these settings';
  if (value === null) return 'empty';
  const isSecret = /(?:url|secret|token|key|File)$/i.test(path) || !plainValue.test(JSON.stringify(value));
  if (typeof value === 'string') return isSecret ? `a text of ${value.length} characters` : JSON.stringify(value);
  return isSecret ? `a ${typeof value}` : JSON.stringify(value);
}

const plainValue = /^"?(?:-?\d{1,10}(?:\.\d{1,6})?|true|false|yes|no|on|off)"?$/i;

/** The names of all settings in a schema, at each depth. */
export function namesOf(schema: TSchema): readonly string[] {
  const { properties = {}, items = {} }: Schema = schema;
  return [...Object.keys(properties), ...[...Object.values(properties), items].filter(isNested).flatMap(namesOf)];
}
const isNested = (schema: Schema): boolean => 'properties' in schema || 'items' in schema;

/** A name of the file, if it is the name of a setting or a misspelt name; else `?`, because it may be a secret. */
export const shownName = (name: string, known: readonly string[]): string =>
  known.includes(name) || (/^[A-Za-z]{1,32}$/.test(name) && nearestName(name, known) !== null) ? name : '?';

const segmentsOf = (pointer: string): readonly string[] => pointer.split('/').slice(1);

const valueAt = (value: unknown, pointer: string): unknown =>
  segmentsOf(pointer).reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], value);

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

function settingsAt(schema: TSchema, pointer: string): readonly string[] {
  const at = segmentsOf(pointer).reduce<Schema>((outer, name) => outer.properties?.[name] ?? outer.items ?? {}, schema);
  return Object.keys(at.properties ?? {});
}
