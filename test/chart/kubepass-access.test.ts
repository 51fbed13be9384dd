// Tests deploy/chart/kubepass-access/
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readFileSync } from 'node:fs';
import { describeChart, lint, type Manifest, refusal, render as renderChart, type RenderOptions } from './render.js';

const render = (values: object = {}, options: RenderOptions = {}) =>
  renderChart(values, { chart: 'kubepass-access', ...options });
const everything = { readRoleBindings: true, reviewTokens: true, revocationPolicy: true };

/** Objects of deploy/kubernetes, which give the same rights. */
const committed = (...files: readonly string[]): readonly Manifest[] =>
  files
    .flatMap((file) => parseAllDocuments(readFileSync(`deploy/kubernetes/${file}`, 'utf8')))
    .map((document) => document.toJS() as Manifest);
const rulesOf = (objects: readonly Manifest[], kind: string) =>
  objects.filter((object) => object.kind === kind).flatMap(({ rules }) => rules);
const idOf = ({ kind, metadata: { namespace, name } }: Manifest) => `${kind} ${namespace ?? ''}/${name}`;
/** Everything but labels, which the chart has and a file of rights does not need. */
const withoutLabels = ({ metadata: { labels: _, ...metadata }, ...rest }: Manifest) => ({ ...rest, metadata });

describeChart('kubepass-access', () => {
  it('is linted strictly, and makes the same octets twice', async () => {
    expect(await lint(undefined, 'kubepass-access')).toMatchObject({ code: 0 });
    expect((await render(everything)).text).toBe((await render(everything)).text);
  });

  it('makes by default what deploy/kubernetes has for a cluster that signs', async () => {
    const { objects } = await render();
    const expected = committed('service-account.yaml', 'rbac.yaml').map(withoutLabels);
    expect(objects.map(withoutLabels)).toHaveLength(expected.length);
    expect(objects.map(withoutLabels)).toEqual(expect.arrayContaining(expected));
  });

  it('gives what the components of deploy/kubernetes give, in one role for the whole cluster', async () => {
    const { objects } = await render({ ...everything, signing: false });
    const component = (name: string, file = 'rbac.yaml') => committed(`components/${name}/${file}`);
    expect(rulesOf(objects, 'ClusterRole')).toEqual([
      ...rulesOf(component('read-role-bindings'), 'ClusterRole'),
      ...rulesOf(component('review-tokens'), 'ClusterRole'),
    ]);
    const list = [...component('revocation-policy'), ...component('revocation-policy', 'probe.yaml')].map(
      withoutLabels,
    );
    const inNamespace = objects.filter(({ kind }) => !kind.startsWith('Cluster') && kind !== 'ServiceAccount');
    expect(inNamespace.map(withoutLabels)).toHaveLength(list.length);
    expect(inNamespace.map(withoutLabels)).toEqual(expect.arrayContaining(list));
  });

  it('makes no role where nothing is chosen, and none for the whole cluster where nothing there is', async () => {
    const nothing = await render({ signing: false });
    expect(nothing.objects.map(({ kind }) => kind)).toEqual(['ServiceAccount']);
    const list = await render({ signing: false, revocationPolicy: true });
    expect(list.objects.filter(({ kind }) => kind.startsWith('ClusterRole'))).toEqual([]);
    const groups = await render({ signing: false, reviewTokens: true });
    expect(groups.names('RoleBinding')).toEqual([]);
  });

  describe('a subject', () => {
    const subjectsOf = async (subject: object, options: RenderOptions = {}) => {
      const { objects } = await render({ ...everything, subject }, options);
      expect(objects.filter(({ kind }) => kind === 'ServiceAccount')).toEqual([]);
      return objects
        .filter(({ kind, metadata }) => kind.endsWith('Binding') && !metadata.name.endsWith('-probe'))
        .map(({ subjects }) => subjects);
    };

    it('with a name gets the rights in the place of a service account of the chart', async () => {
      const apiGroup = 'rbac.authorization.k8s.io';
      for (const kind of ['User', 'Group'])
        expect(
          new Set((await subjectsOf({ kind, name: 'oidc:kubepass 1' })).map((one) => JSON.stringify(one))),
        ).toEqual(new Set([JSON.stringify([{ apiGroup, kind, name: 'oidc:kubepass 1' }])]));
      expect(await subjectsOf({ name: 'ours', namespace: 'there' })).toEqual(
        Array.from({ length: 3 }, () => [{ kind: 'ServiceAccount', name: 'ours', namespace: 'there' }]),
      );
      expect((await subjectsOf({ name: '8' }, { namespace: '123' }))[0]).toEqual([
        { kind: 'ServiceAccount', name: '8', namespace: '123' },
      ]);
    });

    it.each([
      ['/subject/name', { subject: { kind: 'User' } }],
      ['/subject/namespace', { subject: { kind: 'Group', name: 'a', namespace: 'b' } }],
      ['/subject/namespace', { subject: { namespace: 'b' } }],
      ['/subject/name', { subject: { name: 'A_b' } }],
      ['/subject/kind', { subject: { kind: 'Role' } }],
      ["'subjects'", { subjects: [] }],
      ['/signing', { signing: 'yes' }],
    ])('is refused at %s: %j', async (path, values) => {
      expect(await refusal(values, { chart: 'kubepass-access' })).toContain(path);
    });
  });

  it('shares no name with another release, and has no name that is too long', async () => {
    const releases: readonly (readonly [namespace: string, release: string])[] = [
      ...([
        ['kubepass', 'kubepass'],
        ['a', 'b-c'],
        ['a-b', 'c'],
        ['a-b-c', 'a-b-c'],
        ['a', 'b.c'],
        ['a', 'b'],
      ] as const),
      [`n${'x'.repeat(62)}`, `r${'y'.repeat(52)}`],
      [`n${'x'.repeat(62)}`, `r${'y'.repeat(51)}z`],
      [`n${'x'.repeat(61)}z`, `r${'y'.repeat(52)}`],
    ];
    const made = await Promise.all(
      releases.map(async ([namespace, release]) => (await render(everything, { namespace, release })).objects),
    );
    // The service finds this one by its name.
    const names = made
      .flat()
      .filter(({ kind }) => kind !== 'ConfigMap')
      .map(idOf);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
    for (const { metadata } of made.flat()) expect(metadata.name.length).toBeLessThanOrEqual(63);
    expect(made[1]?.find(({ kind }) => kind === 'ClusterRole')?.metadata.name).toBe('a.b-c');
  });

  it('labels everything as the other chart does, and takes defaults that are deleted', async () => {
    const { objects } = await render(everything, { release: '456' });
    for (const { metadata } of objects)
      expect(metadata.labels).toEqual({
        'app.kubernetes.io/name': 'kubepass-access',
        'app.kubernetes.io/instance': '456',
        'app.kubernetes.io/version': expect.any(String) as string,
        'app.kubernetes.io/managed-by': 'Helm',
        'helm.sh/chart': expect.stringMatching(/^kubepass-access-\d/) as string,
      });
    for (const key of ['signing', 'readRoleBindings', 'subject']) await render({ [key]: null });
  });
});
