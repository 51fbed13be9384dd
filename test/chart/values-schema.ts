import { readFileSync } from 'node:fs';
import AjvCompiler from '@fastify/ajv-compiler';
import { parse } from 'yaml';
import { chartFolder } from './render.js';

type Chart = 'kubepass' | 'kubepass-access';

/** A chart's schema of its values, as it is committed. */
export const schemaOf = (chart: Chart): Readonly<Record<string, unknown>> =>
  JSON.parse(readFileSync(`${chartFolder(chart)}/values.schema.json`, 'utf8')) as Readonly<Record<string, unknown>>;

export const defaultsOf = (chart: Chart): Values =>
  parse(readFileSync(`${chartFolder(chart)}/values.yaml`, 'utf8')) as Values;

export type Values = Readonly<Record<string, unknown>>;

/** An error of a schema: the path of a value, and why it is refused. An unknown or missing key is part of the path. */
export interface SchemaError {
  readonly path: string;
  readonly message: string;
}

interface AjvError {
  readonly instancePath: string;
  readonly keyword: string;
  readonly params: { readonly [name in 'additionalProperty' | 'missingProperty']?: string };
  readonly message?: string;
}

interface Check {
  (values: object): boolean;
  errors?: readonly AjvError[] | null;
}

/** Judges values without helm, and therefore in a moment. Answers all errors; none where the values pass. */
export function judgeBy(chart: Chart): (values: object) => readonly SchemaError[] {
  const build = AjvCompiler() as unknown as (named: object, options: object) => (route: object) => Check;
  const check = build(
    {},
    {
      customOptions: {
        ...{ allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false },
        // A condition says no type of what it looks at.
        ...{ strictTypes: false, strictTuples: false },
      },
    },
  )({ schema: schemaOf(chart) });
  return (values) => {
    if (check(values)) return [];
    return (check.errors ?? []).map(({ instancePath, params, message = '' }) => {
      const key = params.additionalProperty ?? params.missingProperty;
      return { path: key === undefined ? instancePath : `${instancePath}/${key}`, message };
    });
  };
}

/** Values as helm sees them: a user's on top of the chart's, and null takes a default away. */
export function onTopOf(defaults: Values, values: Values): Values {
  const merged: Record<string, unknown> = { ...defaults };
  for (const [key, value] of Object.entries(values)) {
    const under = merged[key];
    if (value === null) Reflect.deleteProperty(merged, key);
    else merged[key] = isMap(value) && isMap(under) ? onTopOf(under, value) : value;
  }
  return merged;
}

const isMap = (value: unknown): value is Values => typeof value === 'object' && value !== null && !Array.isArray(value);
