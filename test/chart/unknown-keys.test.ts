// Tests deploy/chart/kubepass/values.schema.json, scripts/chart-schema/
import { describe, expect, it } from 'vitest';
import { judgeBy, schemaOf } from './values-schema.js';

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema | boolean>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema | readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
  readonly else?: Schema;
  readonly const?: unknown;
}

/** An object of a schema: its path, and a value with it in which each condition above it chooses its branch. */
interface ObjectOfSchema {
  readonly path: string;
  readonly schema: Schema;
  readonly with: (object: object) => object;
}

/** Every object below a schema, at all depths. Conditions among `allOf` say more of the same objects. */
function* objectsOf(schema: Schema, path: string, within: (value: object) => object): Generator<ObjectOfSchema> {
  if ([schema.type].flat().includes('object') || schema.properties !== undefined) yield { path, schema, with: within };
  for (const [key, inner] of Object.entries(schema.properties ?? {}))
    if (typeof inner === 'object')
      yield* objectsOf(inner, `${path}/${key}`, (value) => within({ ...chosenBy(schema), [key]: value }));
  const maps = [schema.additionalProperties, ...Object.values(schema.patternProperties ?? {})];
  for (const inner of maps)
    if (typeof inner === 'object') yield* objectsOf(inner, `${path}/a`, (value) => within({ a: value }));
  if (schema.items !== undefined && !Array.isArray(schema.items))
    yield* objectsOf(schema.items as Schema, `${path}/0`, (value) => within([value]));
  for (const inner of schema.anyOf ?? []) yield* objectsOf(inner, path, within);
  if (schema.then !== undefined)
    yield* objectsOf(schema.then, path, (value) =>
      within(Array.isArray(value) ? value : { ...asAsked(schema.if), ...value }),
    );
  if (schema.else !== undefined) yield* objectsOf(schema.else, path, within);
}

/** The constants of an object, which choose the branch of a condition around it. */
const chosenBy = (schema: Schema): object =>
  Object.fromEntries(
    Object.entries(schema.properties ?? {}).flatMap(([key, inner]) =>
      typeof inner === 'object' && inner.const !== undefined ? [[key, inner.const]] : [],
    ),
  );
const asAsked = (condition: Schema = {}): object => ({
  ...chosenBy(condition),
  ...Object.fromEntries(((condition as { required?: readonly string[] }).required ?? []).map((key) => [key, ''])),
});

/** Objects of Kubernetes' own types, and keys that are somebody's own. */
const open = [
  ...[
    '/global',
    '/affinity',
    '/resources',
    '/networkPolicy/from/0',
    '/networkPolicy/apiServers/0',
    '/networkPolicy/egress/0',
  ],
  ...[
    '/gateway/parentRefs/0',
    '/metrics/from/0',
    '/topologySpreadConstraints/0',
    '/tolerations/0',
    '/resources/claims/0',
  ],
  ...['/extraEnv/0', '/extraVolumes/0', '/extraVolumeMounts/0', '/extraObjects/0'],
];

describe.each(['kubepass', 'kubepass-access'] as const)('the values of %s', (chart) => {
  const objects = [...objectsOf(schemaOf(chart), '', (value) => value)];
  const isMap = ({ additionalProperties, patternProperties }: Schema) =>
    typeof additionalProperties === 'object' || patternProperties !== undefined;

  it('are closed at every object, but for those of others', () => {
    const others = objects.filter(
      ({ schema }) => schema.additionalProperties !== false && schema.then === undefined && !isMap(schema),
    );
    expect(others.map(({ path }) => path).filter((path) => !open.includes(path))).toEqual([]);
  });

  it('refuse an unknown key at every depth, by its path', () => {
    const judge = judgeBy(chart);
    const closed = objects.filter(({ schema }) => schema.additionalProperties === false && !isMap(schema));
    const passed = closed.filter((object) => {
      const refused = judge(object.with({ ...chosenBy(object.schema), unknownKey: 1 })).map(({ path }) => path);
      return !refused.includes(`${object.path}/unknownKey`);
    });
    expect(passed.map(({ path }) => path)).toEqual([]);
    expect(closed.length).toBeGreaterThan(chart === 'kubepass' ? 120 : 1);
  });
});
