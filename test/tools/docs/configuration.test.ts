// Tests docs/configuration.md
import { globSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfig } from '../../../src/config/config.js';
import { FileSettings } from '../../../src/config/config-file.js';
import { environmentVariables, readEnvironment } from '../../../src/config/env.js';
import { LocalCASettings } from '../../../src/config/issuer-config.js';
import { temporaryDirectory } from '../../helpers/temporary-directory.js';
import { pages, pageText, read, root } from './pages.js';

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}

/** The settings at and below `path`, such as `clusters[].revocation.mode`; those with settings below them as well. */
function settingsOf(schema: Schema, path: string): readonly string[] {
  const { items, properties = items?.properties ?? {} } = schema;
  const inside = items?.properties === undefined ? path : `${path}[]`;
  if (path === 'budgets.roles') return [path]; // the same settings once more for each role
  return [
    ...(path === '' ? [] : [inside]),
    ...Object.entries(properties).flatMap(([name, below]) =>
      settingsOf(below, inside === '' ? name : `${inside}.${name}`),
    ),
  ];
}

const settings = [
  ...settingsOf(FileSettings as Schema, ''),
  ...settingsOf(LocalCASettings as Schema, 'clusters[].signer'),
];
const page = read('docs/configuration.md');

/** The rows of its tables of settings: the names in the first two cells, and the whole line. */
const rows = [...page.matchAll(/^\| in the file \|[^\n]*\n\|[-|]+\n((?:\|[^\n]*\n)+)/gm)]
  .flatMap(([, lines = '']) => lines.trimEnd().split('\n'))
  .map((line) => {
    const [, file = '', environment = ''] = line.split(/ ?\| ?/);
    const namesIn = (cell: string) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
    return {
      line,
      cells: line.split(/ ?\| ?/).slice(1),
      names: namesIn(file),
      variables: namesIn(environment).filter((name) => /^[A-Z_]+$/.test(name)),
    };
  });

const isBelow = (path: string, above: string): boolean =>
  path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[]`);

/** A row about a setting says what is in it, or a page does to which it leads. */
const tellsOf = (line: string, name: string): boolean =>
  [line, ...[...line.matchAll(/\]\((\w[\w-]*\.md)/g)].map(([, path = '']) => read(`docs/${path}`))].some((text) =>
    new RegExp(`[\`{ ]${name}[\`:, }]`).test(text),
  );

describe('the tables of docs/configuration.md', () => {
  it('have a row for each setting of the file, or for what it is in', () => {
    expect(settings.length).toBeGreaterThan(80);
    const missing = settings.filter(
      (path) =>
        !rows.some(({ names, line }) =>
          names.some((name) => name === path || (isBelow(path, name) && tellsOf(line, path.split('.').at(-1) ?? ''))),
        ) && !settings.some((other) => other !== path && isBelow(other, path)),
    );
    expect(missing).toEqual([]);
  });

  it('have no row for a setting that does not exist', () => {
    const named = rows.flatMap(({ names }) => names);
    expect(named.length).toBeGreaterThan(60);
    expect(named.filter((name) => !settings.includes(name))).toEqual([]);
  });

  it('have a row for each variable of the environment, but for those of OpenTelemetry', () => {
    const variables = rows.flatMap((row) => row.variables);
    const others = ['OTEL_EXPORTER_OTLP_ENDPOINT'];
    const expected = Object.values(environmentVariables).filter((name) => !name.startsWith('OTEL_'));
    expect(variables.filter((name) => !others.includes(name)).toSorted()).toEqual(expected.toSorted());
  });
});

describe('the defaults in docs/configuration.md', () => {
  const directory = temporaryDirectory();
  afterAll(() => {
    directory.remove();
  });

  it('are those of a configuration that says nothing about them', () => {
    const file = join(directory.path, 'kubepass.yaml');
    const cluster = 'name: demo, server: https://10.0.0.1:6443, signer: kubernetes, inCluster: true';
    const issuer = 'name: corp, issuer: https://idp.example.com, audiences: [kubepass]';
    const account = 'cluster: demo, audience: kubepass';
    writeFileSync(
      file,
      `clusters: [{ ${cluster} }]\ncallers: { oidc: [{ ${issuer} }], serviceAccounts: [{ ${account} }] }\nmetrics: {}\n`,
    );
    const config = loadConfig(readEnvironment({ KUBEPASS_CONFIG: file })) as unknown;
    const compared = rows.flatMap(({ names: [name = '', ...more], cells }) => {
      const [, text] = /^`([^`]+)`$/.exec(cells.at(-3) ?? '') ?? [];
      const found = valueAt(config, name);
      // A setting that has another name once it is read is not compared.
      if (more.length > 0 || text === undefined || found === undefined || name === 'clusters[].inCluster') return [];
      return [{ name, told: asText(parse(text)), found: asText(found) }];
    });
    expect(compared.length).toBeGreaterThan(25);
    expect(compared.filter(({ told, found }) => told !== found)).toEqual([]);
  });
});

/** The value at a path such as `clusters[].revocation.mode`, of the first item where there are several. */
const valueAt = (value: unknown, path: string): unknown =>
  path
    .split('.')
    .flatMap((part) => (part.endsWith('[]') ? [part.slice(0, -2), '0'] : [part]))
    .reduce<unknown>((at, part) => (at as Readonly<Record<string, unknown>> | null | undefined)?.[part], value);

/** Paths are absolute in a configuration. Lists are compared in any order. */
const asText = (value: unknown): string =>
  Array.isArray(value)
    ? JSON.stringify(value.map(String).toSorted())
    : JSON.stringify(value).replace(`"${process.cwd()}/`, '"./');

it('docs/metrics.md has each variable of OpenTelemetry that changes something', () => {
  const text = read('docs/metrics.md').replaceAll('`…_', '`OTEL_EXPORTER_OTLP_');
  // The service speaks one protocol, and warns where another one is named.
  const variables = Object.values(environmentVariables).filter((name) => /^OTEL_(?!.*PROTOCOL$)/.test(name));
  expect(variables.length).toBeGreaterThan(5);
  expect(variables.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
});

describe('variables of the environment', () => {
  const sources = globSync('{src,packages/*/src,scripts,bench,test/**,.ci,deploy}/**/*.{ts,mjs,sh}', {
    cwd: root,
    exclude: (path) => path.includes('generated'),
  })
    .concat('docker-compose.yml', 'docker-compose.postgres.yml')
    .map(read)
    .join('\n');

  it.each(pages)('in %s are read by something', (one) => {
    const named = [...new Set(pageText(one).match(/\bKUBEPASS_[A-Z_]*[A-Z]\b/g) ?? [])];
    expect(named.filter((name) => !sources.includes(name))).toEqual([]);
  });
});
