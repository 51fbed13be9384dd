// Tests deploy/chart/kubepass/, src/config/config.ts
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/config.js';
import { readEnvironment } from '../../src/config/env.js';
import { loadPolicySet } from '../../src/policy/load-policy-set.js';
import { temporaryDirectory } from '../helpers/temporary-directory.js';
import { chartFolder, ciFile, ciFiles, describeChart, lint, render, type Rendering, valuesOf } from './render.js';

const directory = temporaryDirectory();
afterAll(() => directory.remove());

const installations = [
  ['defaults', []],
  ...ciFiles().map((file) => [basename(file, '-values.yaml'), [file]] as const),
] as const;

it('the kinds of installation are those that the pages name', () => {
  expect(ciFiles().map((file) => basename(file))).toEqual(
    ['clusters', 'everything', 'gateway', 'ha-cnpg', 'ha', 'ingress', 'own-ca', 'sqlite'].map(
      (name) => `${name}-values.yaml`,
    ),
  );
});

describeChart.each(installations)('the rendering of %s', (name, files) => {
  let rendering: Rendering;
  beforeAll(async () => {
    rendering = await render({}, { files });
  });

  it('is of values that lint strictly', async () => {
    const { code, stdout } = await lint(files[0]);
    expect(code, stdout).toBe(0);
    expect(stdout).not.toMatch(/\[(?:WARNING|ERROR)\]/);
  });

  it('has the same octets a second time', async () => {
    expect((await render({}, { files })).text).toBe(rendering.text);
  });

  it('has no Secret, no hook and no object twice', () => {
    expect(rendering.objects.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    const annotations = rendering.objects.flatMap(({ metadata }) => Object.keys(metadata.annotations ?? {}));
    expect(annotations.filter((annotation) => annotation.includes('hook'))).toEqual([]);
    const keys = rendering.objects.map(({ kind, metadata }) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`);
    expect(keys).toEqual([...new Set(keys)]);
  });

  it('has nothing empty that an API server would leave out, because GitOps tools would set it for ever', () => {
    const isEmpty = (value: unknown) =>
      value === null || (typeof value === 'object' && Object.keys(value).length === 0);
    const found = rendering.objects.flatMap((object) =>
      ['annotations', 'labels', 'spec', 'rules'].filter((key) =>
        isEmpty({ ...object.metadata, ...object }[key] ?? 'none'),
      ),
    );
    expect(found).toEqual([]);
  });

  it('says for each object what it belongs to', () => {
    for (const { kind, metadata } of rendering.objects)
      if (metadata.name !== 'kubepass-extra')
        expect([kind, metadata.labels]).toEqual([
          kind,
          expect.objectContaining({
            'app.kubernetes.io/name': 'kubepass',
            'app.kubernetes.io/instance': 'kubepass',
            'app.kubernetes.io/managed-by': 'Helm',
          }),
        ]);
  });

  it('has a configuration and policies that the service takes', async () => {
    const folder = `${directory.path}/${name}`;
    mkdirSync(`${folder}/policies`, { recursive: true });
    writeFileSync(
      `${folder}/kubepass.yaml`,
      rendering.find('ConfigMap', 'kubepass-config').data?.['kubepass.yaml'] ?? '',
    );
    const [container] = rendering.pod.containers;
    const environment = Object.fromEntries(container.env.map((variable) => [variable.name, variable.value]));
    const config = loadConfig({ ...readEnvironment(environment), configFile: `${folder}/kubepass.yaml` });
    expect(config).toMatchObject({ host: '0.0.0.0', port: 8443, tls: { certFile: '/etc/kubepass/tls/tls.crt' } });

    for (const [file, text] of Object.entries(rendering.find('ConfigMap', 'kubepass-policies').data ?? {}))
      writeFileSync(`${folder}/policies/${file}`, text);
    expect(await loadPolicySet(`${folder}/policies`)).toMatchObject({ ok: true });
  });

  it('names nothing in its configuration that is not mounted', () => {
    const { containers, volumes } = rendering.pod;
    const [{ volumeMounts }] = containers;
    const text = rendering.find('ConfigMap', 'kubepass-config').data?.['kubepass.yaml'] ?? '';
    const paths = [...text.matchAll(/\/etc\/kubepass\/[\w./-]+/g)].map(([path]) => path);
    const mounted = (path: string) => volumeMounts.some(({ mountPath }) => path.startsWith(`${mountPath}/`));
    expect(paths.filter((path) => !mounted(path))).toEqual([]);
    const names = (list: readonly { readonly name: string }[]) => list.map((one) => one.name).sort();
    expect(names(volumeMounts)).toEqual(names(volumes));
    for (const { volumeMounts: mounts } of rendering.pod.initContainers ?? [])
      expect(names(volumes)).toEqual(expect.arrayContaining(names(mounts)));
  });
});

describeChart('every rendering', () => {
  it('writes no password, and none is among the values', () => {
    for (const file of [...ciFiles(), `${chartFolder()}/values.yaml`])
      expect(JSON.stringify(valuesOf(file))).not.toMatch(/-----BEGIN|kubepass_[\w-]{43}|postgres(?:ql)?:\/\//);
  });

  it('writes modes as decimals', async () => {
    const { text } = await render({}, { files: [ciFile('everything')] });
    const modes = [...text.matchAll(/defaultMode: (.*)/g)].map(([, mode]) => mode);
    expect(new Set(modes)).toEqual(new Set(['256', '288']));
  });
});

describe('the sources of the chart', () => {
  const sources = globSync(`${chartFolder()}/templates/**/*`, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(`${parentPath}/${name}`, 'utf8'))
    .join('\n');

  it('ask the cluster nothing, and draw nothing at random', () => {
    expect(sources).toContain('app.kubernetes.io/name');
    expect(sources).not.toMatch(
      /\blookup\b|\brand[A-Z]\w*|\bgen[A-Z]\w*|\buuidv4\b|\bnow\b|\bdate\w*\b|\.Capabilities|helm\.sh\/hook|kind: Secret\b|\.Release\.(?:IsInstall|IsUpgrade|Revision)|\btpl\b|\bbcrypt\b|\bhtpasswd\b|\bgetHostByName\b/,
    );
  });
});
