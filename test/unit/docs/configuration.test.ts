import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FileSettings } from '../../../src/config/config-file.js';
import { environmentVariables } from '../../../src/config/env.js';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The settings of the schema as the pages name them: `clusters[].revocation.mode`. */
function settingsOf(schema: Schema, path = ''): readonly string[] {
  if (schema.items?.properties !== undefined) return settingsOf(schema.items, `${path}[]`);
  if (schema.properties === undefined) return [path];
  return Object.entries(schema.properties).flatMap(([name, one]) =>
    settingsOf(one, path === '' ? name : `${path}.${name}`),
  );
}

const read = (name: string) => readFileSync(`docs/${name}.md`, 'utf8');
const page = read('configuration');
/** The first cells of all tables. */
const named = [...page.matchAll(/^\|([^|]*)\|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
);
const settings = settingsOf(FileSettings as Schema);
/** Groups that have one line, and the text that names their settings. */
const groups: Readonly<Record<string, string>> = {
  'webhooks[]': read('webhooks'),
  directory: read('directory'),
  'roles[]': page,
  'budgets.roles': page,
  'clusters[].revocation.configMap': page,
};

function isNamed(setting: string): boolean {
  const group = Object.keys(groups).find((name) => setting.startsWith(`${name}.`));
  if (group === undefined) return named.includes(setting);
  return named.includes(group) && (groups[group] ?? '').includes(setting.split('.').at(-1) ?? setting);
}

describe('docs/configuration.md', () => {
  it('names every setting of the file', () => {
    expect(settings.length).toBeGreaterThan(60);
    expect(settings.filter((setting) => !isNamed(setting))).toEqual([]);
  });

  it('names no setting that there is not', () => {
    const isKnown = (name: string) => settings.some((setting) => setting === name || setting.startsWith(name));
    // The signer is read by hand.
    expect(named.filter((name) => !isKnown(name))).toEqual(['clusters[].signer.localCA']);
  });

  it('names every variable, here or with the traces', () => {
    const all = page + read('operations');
    for (const variable of Object.values(environmentVariables).filter((name) => !/_TRACES_|_PROTOCOL$/.test(name)))
      expect(all).toContain(variable.replace('OTEL_EXPORTER_OTLP_CLIENT', '…_CLIENT'));
  });
});
