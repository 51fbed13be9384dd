import { readFileSync } from 'node:fs';
import type { TSchema } from 'typebox';
import { Settings } from 'typebox/system';
import Value from 'typebox/value';
import { parseDocument } from 'yaml';
import { FileSettings } from './config-schema.js';
import type { Report } from './report.js';

/** The settings in the configuration file; undefined where it cannot be read or has another shape. */
export function readConfigFile(path: string, report: Report): FileSettings | undefined {
  let value: unknown;
  try {
    const document = parseDocument(readFileSync(path, 'utf8'), {
      version: '1.2',
      stringKeys: true,
      merge: false,
      resolveKnownTags: false,
    });
    const problems = [...document.errors, ...document.warnings];
    for (const { message } of problems) report('', message.split('\n')[0] ?? message);
    if (problems.length > 0) return undefined;
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    report('', `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
  if (Value.Check(FileSettings, value)) return value;
  reportShape(FileSettings, value, '', report);
  return undefined;
}

/** Reports everything in which a value, which stands at `path`, departs from the schema. */
export function reportShape(schema: TSchema, value: unknown, path: string, report: Report): void {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: 1000 }); // the library stops after a few, and knows no narrower switch
  try {
    for (const { keyword, instancePath, params, message } of Value.Errors(schema, value)) {
      const at = path + instancePath;
      if (keyword === 'additionalProperties')
        for (const name of params.additionalProperties) report(`${at}/${name}`, 'is not a known setting');
      else if (keyword === 'required')
        for (const name of params.requiredProperties) report(`${at}/${name}`, 'is missing');
      else if (keyword === 'enum') report(at, `must be one of ${params.allowedValues.join(', ')}`);
      else if (keyword !== 'boolean') report(at, message); // additionalProperties says what `boolean` says
    }
  } finally {
    Settings.Set({ maxErrors });
  }
}
