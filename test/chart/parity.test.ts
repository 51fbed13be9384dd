// Tests deploy/chart/kubepass/, deploy/kubernetes/
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { runCommand } from '../cluster/run-command.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { describeChart, type Manifest, type Pod, render, renderingOf } from './render.js';

const kubectl = inject('kubectl');
const folder = fileURLToPath(new URL('../../deploy/kubernetes/', import.meta.url));
const directory = temporaryDirectory();
afterAll(() => directory.remove());

const config = parse(readFileSync(`${folder}kubepass.yaml`, 'utf8')) as { readonly clusters: readonly object[] };
const policies = { 'own-name': parse(readFileSync(`${folder}policies/own-name.yaml`, 'utf8')) as object };

/** For each component the values that make the chart the same. */
const components: Readonly<
  Record<string, { readonly cluster?: object; readonly config?: object; readonly values?: object }>
> = {
  'read-role-bindings': { cluster: { readRoleBindings: true } },
  'review-tokens': { config: { callers: { serviceAccounts: [{ cluster: 'this-cluster', audience: 'kubepass' }] } } },
  'revocation-policy': { cluster: { revocation: { mode: 'admission' } } },
  'scrape-metrics': { values: { metrics: { enabled: true } } },
};

describeChart('deploy/kubernetes and the chart', () => {
  describe.skipIf(kubectl === null)('by kubectl kustomize', () => {
    let base: readonly Manifest[];
    beforeAll(async () => {
      base = await kustomized([], config);
    });

    it('make the same objects, but for the labels of Helm and the Namespace', async () => {
      expect(comparable((await render({ config, policies })).objects)).toEqual(comparable(base));
      expect(base.filter(({ kind }) => kind === 'Namespace')).toHaveLength(1);
    });

    it.each(Object.entries(components))(
      'do so with the component %s',
      async (name, { cluster, config: more, values }) => {
        const changed = { clusters: [{ ...config.clusters[0], ...cluster }], ...more };
        const { objects } = await render({ config: changed, policies, ...values });
        const built = await kustomized([name], changed);
        expect(comparable(objects)).toEqual(comparable(built));
        // It is a component that does something.
        expect(built.length).toBeGreaterThan(base.length);
      },
    );

    it('do so with all components at once, in an overlay', async () => {
      const all = Object.values(components);
      const changed = Object.assign(
        { clusters: [Object.assign({}, config.clusters[0], ...all.map(({ cluster }) => cluster))] },
        ...all.map((one) => one.config),
      ) as object;
      const { objects } = await render(
        Object.assign({ config: changed, policies }, ...all.map(({ values }) => values)) as object,
      );
      expect(comparable(objects)).toEqual(comparable(await kustomized(Object.keys(components), changed)));
    });
  });
});

/** The base with this configuration, in an overlay that adds components. */
async function kustomized(added: readonly string[], configuration: object): Promise<readonly Manifest[]> {
  const copy = `${directory.path}/${added.join('-') || 'base'}`;
  cpSync(folder, `${copy}/kubernetes`, { recursive: true });
  writeFileSync(`${copy}/kubernetes/kubepass.yaml`, JSON.stringify(configuration));
  mkdirSync(`${copy}/site`);
  const overlay = {
    resources: ['../kubernetes'],
    components: added.map((name) => `../kubernetes/components/${name}`),
  };
  writeFileSync(`${copy}/site/kustomization.yaml`, JSON.stringify(overlay));
  const { code, stdout, stderr } = await runCommand(kubectl ?? '', ['kustomize', `${copy}/site`]);
  expect(code, stderr).toBe(0);
  return renderingOf(stdout).objects;
}

const ofHelm = ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/version'];

/** Objects by kind, namespace and name, without the Namespace and without what tells Helm and kustomize apart. */
const comparable = (objects: readonly Manifest[]): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    objects
      .filter(({ kind }) => kind !== 'Namespace')
      .map((object) => {
        const { apiVersion, kind, metadata } = object;
        const name = withoutHash(metadata.name);
        const labels = Object.entries(metadata.labels ?? {}).filter(([label]) => !ofHelm.includes(label));
        return [
          `${apiVersion} ${kind} ${metadata.namespace ?? ''}/${name}`,
          { ...contentOf(object), metadata: { ...metadata, name, labels: Object.fromEntries(labels) } },
        ];
      }),
  );

/** kustomize puts the hash of the configuration into the ConfigMap's name, and the chart into an annotation. */
const withoutHash = (name: string): string => name.replace(/^(kubepass-config)-[a-z0-9]{10}$/, '$1');

function contentOf(object: Manifest): object {
  // Texts of YAML are the same where they mean the same.
  if (object.kind === 'ConfigMap' && object.data !== undefined)
    return {
      ...object,
      data: Object.fromEntries(Object.entries(object.data).map(([file, text]) => [file, parse(text) as unknown])),
    };
  if (object.kind !== 'Deployment') return object;
  const spec = object.spec as { template: { metadata: { annotations?: object }; spec: Pod } };
  const { annotations: _, ...metadata } = spec.template.metadata;
  const pod = spec.template.spec;
  const volumes = pod.volumes.map((volume) => {
    const { configMap } = volume as { configMap?: { name: string } };
    return configMap === undefined ? volume : { ...volume, configMap: { name: withoutHash(configMap.name) } };
  });
  // A patch of kustomize puts its variables and ports in another place of the list.
  const byName = (list: unknown) => (list as { name: string }[]).toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const containers = pod.containers.map((one) => ({ ...one, env: byName(one.env), ports: byName(one['ports']) }));
  return { ...object, spec: { ...spec, template: { metadata, spec: { ...pod, containers, volumes } } } };
}
