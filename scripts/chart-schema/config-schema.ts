import { FileSettings } from '../../src/config/config-file.js';
import { LocalCASettings } from '../../src/config/issuer-config.js';
import { configRules, type Rule } from './config-rules.js';
import type { JsonSchema } from './json-schema.js';

/** Settings that the chart makes from values of its own. */
const ofTheChart = [
  ...['dataDir', 'host', 'port', 'policiesDir', 'databaseUrl', 'tls', 'metrics', 'firstAdminTokenFile'],
  'audit.checkpointKeys',
];

/** The schema of `config`: that of the service's file less what the chart makes, and with what the service judges. */
export function configSchema(): JsonSchema {
  const schema = plain(FileSettings) as Editable;
  for (const path of ofTheChart) leaveOut(schema, path.split('.'));
  place(schema, 'clusters[].signer', {
    if: { type: 'object' },
    then: plain(LocalCASettings),
    else: { const: 'kubernetes' },
  });
  for (const rule of configRules) apply(schema, rule);
  return schema as JsonSchema;
}

interface Editable extends Record<string, unknown> {
  properties?: Record<string, Editable>;
  required?: string[];
  items?: Editable;
  then?: Editable;
  allOf?: unknown[];
}

/** As JSON, with the form of a text as its pattern and without the stand-ins of wrong values. */
export function plain(schema: object): JsonSchema {
  return JSON.parse(JSON.stringify(schema), (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || !('type' in value) || typeof value.type !== 'string')
      return value;
    const { form, default: _standIn, ...rest } = value as Editable;
    return form === undefined ? rest : { ...rest, pattern: form };
  }) as JsonSchema;
}

/** A later version of the service may not have the setting, or have it anew. */
function leaveOut({ properties = {}, ...schema }: Editable, [key = '', ...deeper]: readonly string[]): void {
  const inner = properties[key];
  if (inner !== undefined && deeper.length > 0) {
    leaveOut(inner, deeper);
    return;
  }
  Reflect.deleteProperty(properties, key);
  if (schema.required?.includes(key)) throw new Error(`${key} is required in the file, and the chart makes it`);
}

/** The schema at a place such as `clusters[].signer`. Throws where there is none: a rule would guard nothing. */
function find(schema: Editable, path: string): Editable {
  return path.split(/\.|(?=\[\])/).reduce((outer, key) => {
    const next = key === '[]' ? outer.items : (outer.then ?? outer).properties?.[key];
    if (next === undefined) throw new Error(`the settings have no ${path}`);
    return next;
  }, schema);
}

const place = (schema: Editable, path: string, keywords: JsonSchema) => Object.assign(find(schema, path), keywords);

/** A rule has its own place among `allOf`, so that it changes no other one. */
function apply(schema: Editable, [path, ...rules]: Rule): void {
  const found = path === '' ? schema : find(schema, path);
  found.allOf = [...(found.allOf ?? []), ...rules];
}
