// Tests deploy/chart/kubepass/, scripts/chart-schema/, src/config/config.ts
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { openServiceVerdict } from './service-verdict.js';
import { defaultsOf, judgeBy, schemaOf } from './values-schema.js';
import { wholeConfig } from './whole-config.js';

const judge = judgeBy('kubepass');
const defaults = defaultsOf('kubepass');
const service = openServiceVerdict();
afterAll(() => service.close());

const schemaRefuses = (config: unknown) => judge({ ...defaults, config }).length > 0;

type Change = readonly [name: string, value: unknown];
const removed = Symbol('removed');

/** Other values in the place of one: of another type, of another form, there twice, not there. */
function changesOf(value: unknown): readonly Change[] {
  const named = (...values: readonly unknown[]): readonly Change[] =>
    values.map((one) => [String(one).slice(0, 20), one] as const);
  if (typeof value === 'string')
    return named('', 'Not A Name', 'system:a', 'http://a.example', `${value}x`, 'x'.repeat(5000), 7, removed);
  if (typeof value === 'number') return named(0, 0.5, 1e12, String(value), removed);
  if (typeof value === 'boolean') return named(!value, 'yes', removed);
  if (Array.isArray(value))
    return [
      ['empty', []],
      ['twice', [...(value as unknown[]), value[0]]],
      ['text', 'a'],
      ['removed', removed],
    ];
  return [
    ['unknown key', { ...(value as object), unknownKey: 1 }],
    ['empty', {}],
    ['list', []],
    ['null', null],
    ['removed', removed],
  ];
}

/** Every value with one change in it, each with the place of the change. */
function* changed(value: unknown, place: string): Generator<readonly [place: string, value: unknown]> {
  for (const [name, other] of changesOf(value)) yield [`${place} (${name})`, other];
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value))
    for (const [at, other] of changed(inner, `${place}/${key}`)) {
      const entries = Object.entries(value).map(
        ([name, one]) => [name, name === key ? other : (one as unknown)] as const,
      );
      const kept = entries.filter(([, one]) => one !== removed);
      yield [at, Array.isArray(value) ? kept.map(([, one]) => one) : Object.fromEntries(kept)];
    }
}

/** A schema compares no two values. `templates/checks.yaml` and `config-checks.yaml` do, and other tests are theirs. */
const leftToTemplates = [
  /needs a way to reach the cluster/,
  /context: is a context of kubeconfig/,
  /servingCertificateAuthority: is missing/,
  /cannot be asked about tokens/,
  /is the name of an earlier \w+$/,
  /is not the name of a (?:configured )?cluster;/,
  /is neither "\*" nor the name of a configured cluster/,
  /every id token would pass for an access token/,
];

describe('settings', () => {
  it('that the service refuses are refused by the chart, but for those that depend on another value', () => {
    const [leftOver, stricter]: [string[], string[]] = [[], []];
    let both = 0;
    for (const [place, config] of changed(wholeConfig, '')) {
      if (typeof config !== 'object' || config === null) continue;
      const refusals = service.refusals(config);
      const isRefused = schemaRefuses(config);
      if (refusals.length > 0 && isRefused) both += 1;
      if (refusals.length === 0 && isRefused) stricter.push(place);
      if (
        refusals.length > 0 &&
        !isRefused &&
        !refusals.every((why) => leftToTemplates.some((known) => known.test(why)))
      )
        leftOver.push(`${place}: ${refusals.join('; ')}`);
    }
    expect(both).toBeGreaterThan(600);
    expect(leftOver).toEqual([]);
    expect(stricter).toEqual([]);
  });

  it('that docs/configuration.md has in its tables are in the schema, but for those that the chart makes', () => {
    const [, page = ''] = readFileSync('docs/configuration.md', 'utf8').split('\n## The process\n');
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    const settings = rows.flatMap((row) =>
      [...(row.split('|')[1] ?? '').matchAll(/`([\w.[\]]+)`/g)].map(([, name = '']) => name),
    );
    expect(settings.length).toBeGreaterThan(80);
    const { properties } = schemaOf('kubepass') as { readonly properties: { readonly config: Schema } };
    const ofTheChart =
      /^(?:dataDir|host|port|policiesDir|databaseUrl|tls|metrics|firstAdminTokenFile|audit\.checkpointKeys)(?:\.|$)/;
    const unlike = settings.filter(
      (setting) => isKnown(properties.config, setting.split(/\.|(?=\[\])/)) === ofTheChart.test(setting),
    );
    expect(unlike).toEqual([]);
  });
});

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly then?: Schema;
}

const isKnown = (schema: Schema | undefined, [key, ...deeper]: readonly string[]): boolean =>
  schema !== undefined &&
  (key === undefined || isKnown(key === '[]' ? schema.items : (schema.then ?? schema).properties?.[key], deeper));
