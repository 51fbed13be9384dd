// Tests src/start/check-config.ts, src/config/config.ts, src/config/shape-problems.ts, src/config/config-file.ts
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkConfig } from '../../../../src/start/check-config.js';
import { readConfig } from '../../../../src/config/config.js';
import { FileSettings } from '../../../../src/config/config-file.js';
import { environmentVariables, readEnvironment } from '../../../../src/config/env.js';
import { LocalCASettings } from '../../../../src/config/issuer-config.js';
import { install, type Installation, written } from '../../../helpers/misconfigurations.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

/** Stands for a secret in every complaint that a value of a setting may cause. */
const marker = 'Geh3im0lmR7tQ';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
}
type Path = readonly (string | number)[];

/** Each setting of a schema, groups and lists too. */
function settingsOf({ properties = {}, items }: Schema, at: Path = []): readonly { path: Path; schema: Schema }[] {
  const below = (path: Path, schema: Schema) => [{ path, schema }, ...settingsOf(schema, path)];
  return [
    ...Object.entries(properties).flatMap(([name, schema]) => below([...at, name], schema)),
    ...(items ? below([...at, 0], items) : []),
  ];
}
const settings = [
  ...settingsOf(FileSettings as unknown as Schema),
  ...settingsOf(LocalCASettings, ['clusters', 0, 'signer']),
];

/** Puts a value there, with the groups and lists around it where they are missing. */
function put(file: object, [step, ...rest]: Path, value: unknown): void {
  const of = file as Record<string | number, unknown>;
  if (rest.length === 0) of[step!] = value;
  else {
    if (typeof of[step!] !== 'object') of[step!] = typeof rest[0] === 'number' ? [] : {};
    put(of[step!] as object, rest, value);
  }
}

const texts = [
  marker,
  `${marker} with ${marker}`,
  `-----BEGIN ${marker}-----`,
  `no\0${marker}`,
  `serving.crt/${marker}`,
  marker.repeat(60),
  ...['postgresql', 'https', 'http', 'file', 'tcp'].map((scheme) => `${scheme}://kubepass:${marker}@host.example/x`),
  ...['postgresql', 'https', 'http'].flatMap((scheme) => [
    `${scheme}://kubepass:${marker}@[/x`,
    `${scheme}://${marker}/x@host.example/x`,
    `${scheme}:${marker}@host.example`,
    `${scheme}://127.0.0.1:1/x?${marker}=${marker}#${marker}`,
  ]),
];
const otherValues = [[marker], { [marker]: marker }, { databaseUrl: marker }, [[marker]], [{ [marker]: 1 }]];

/** Lines that are no YAML, or another YAML than their writer meant. */
const linesOf = (name: string): readonly string[] =>
  [
    ...[`"${marker}`, `'${marker}`, `${marker}: x`, `a: ${marker}: x`, `@${marker}`, `\`${marker}`, `*${marker}`],
    ...[
      `&a &${marker} x`,
      `&${marker} *${marker}`,
      `!${marker} x`,
      `[${marker}`,
      `{${marker}`,
      `{ ${marker}: [ }`,
      `]${marker}`,
    ],
    ...[
      `"${marker}" ${marker}`,
      `'${marker}' x`,
      `"\\q${marker}"`,
      `|${marker}`,
      `>- ${marker}`,
      `%${marker}`,
      `- ${marker}`,
    ],
    ...[
      `"x"#${marker}`,
      `? ${marker}`,
      `x\n${marker}`,
      `x\n  ${marker}: y`,
      `x\n\t${marker}`,
      `x\n--- ${marker}`,
      `\n${marker}`,
    ],
    ...[
      `x\n${marker}: 1\n${marker}: 2`,
      `x\n<<: ${marker}`,
      `x\n? [${marker}]\n: 1`,
      `!!int ${marker}`,
      `!!binary ${marker}`,
    ],
  ].map((value) => `${name}: ${value}\n`);

let directory: ReturnType<typeof temporaryDirectory>;
let installation: Installation;
let complaints: string[];
const found: Record<string, number> = {};
beforeEach(async () => {
  directory = temporaryDirectory();
  installation = await install(directory.path);
  complaints = [];
});
afterEach(() => directory.remove());

/** All that a start or a check says of this configuration. `deep`: with all files that it names. */
async function tell(environment: Readonly<Record<string, string>>, isDeep: boolean): Promise<void> {
  const read = readConfig(readEnvironment(environment));
  complaints.push(...read.errors);
  if (!isDeep) return;
  const { errors, faults, warnings } = await checkConfig(read, new Date());
  complaints.push(...errors, ...faults, ...warnings);
}

const leaking = (): readonly string[] => [...new Set(complaints.filter((one) => /geh3im/i.test(one)))];

describe('no complaint about the configuration has a text of a secret that was written', () => {
  it('as a value of any setting, of its type and of others, and with any key beside it', async () => {
    expect(settings.length).toBeGreaterThan(120);
    for (const { path, schema } of settings)
      for (const [i, value] of [...texts.slice(0, schema.type === 'string' ? 99 : 3), ...otherValues].entries()) {
        const base = structuredClone({ ...installation, write: undefined });
        put(base.file, path, value);
        if (i === 0) put(base.file, [...path.slice(0, -1), marker], marker);
        if (i === 1) put(base.file, [...path.slice(0, -1), `https://${marker}@host`], { [marker]: marker });
        if (i === 2) put(base.file, [...path.slice(0, -1), 'pasword'], marker);
        const changed = { ...installation, file: base.file };
        // A text of its type may be good, and then its file is looked for.
        await tell(written(changed), schema.type === 'string' && i < 6);
      }
    expect(leaking()).toEqual([]);
    expect(complaints.length).toBeGreaterThan(2000);
  }, 300_000);

  it('in a file that is no YAML, at any setting', async () => {
    for (const name of ['databaseUrl', 'dataDir', 'clusters', 'webhooks', 'callers', 'tls', 'port'])
      for (const line of linesOf(name)) {
        const before = complaints.length;
        for (const text of [
          line,
          `dataDir: x\n${line}`,
          `${line}port: 1\n`,
          `tls:\n  ${line.replaceAll('\n', '\n  ')}`,
        ]) {
          installation.text = () => text;
          await tell(written(installation), false);
        }
        found[line] = complaints.length - before;
      }
    expect(leaking()).toEqual([]);
    expect(Object.entries(found).filter(([, count]) => count === 0)).toEqual([]);
  });

  it('as a value of any variable', async () => {
    for (const [setting, name] of Object.entries(environmentVariables))
      for (const value of texts.filter((one) => !one.includes('\0')))
        if (setting !== 'configFile') await tell({ ...written(installation), [name]: value }, true);
    expect(leaking()).toEqual([]);
  }, 300_000);
});
