// Tests scripts/release/install-manifest.ts
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { installManifest } from '../../../../scripts/release/install-manifest.js';
import { versionOf } from '../../../../scripts/release/version-places.js';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const base = 'deploy/kubernetes';
const version = versionOf('.');
const image = { registry: 'registry.example:5000', repository: 'team/kubepass', digest: `sha256:${'a'.repeat(64)}` };

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly data?: Readonly<Record<string, string>>;
  readonly spec?: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

const objectsOf = (text: string) => parseAllDocuments(text).map((document) => document.toJS() as Manifest);

describe('the file for kubectl apply', () => {
  const text = installManifest(base, version, image);
  const objects = objectsOf(text);
  const named = (kind: string, name = 'kubepass') =>
    objects.find((object) => object.kind === kind && object.metadata.name === name);

  it('begins with the namespace at level restricted, and then what somebody has to edit', () => {
    expect(objects.slice(0, 3).map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace kubepass',
      'ConfigMap kubepass-config',
      'ConfigMap kubepass-policies',
    ]);
    expect(objects[0]?.metadata.labels).toMatchObject({ 'pod-security.kubernetes.io/enforce': 'restricted' });
  });

  it('has every object of the resources, with their labels', () => {
    const { resources, labels } = parse(readFileSync(join(base, 'kustomization.yaml'), 'utf8')) as {
      readonly resources: readonly string[];
      readonly labels: readonly [{ readonly pairs: Record<string, string> }];
    };
    const whole = resources.flatMap((file) => objectsOf(readFileSync(join(base, file), 'utf8')));
    const key = ({ kind, metadata }: Manifest) => `${kind} ${metadata.name}`;
    expect(objects.map(key)).toEqual(expect.arrayContaining(whole.map(key)));
    expect(objects).toHaveLength(whole.length + 2);
    for (const { metadata } of objects) expect(metadata.labels).toMatchObject(labels[0].pairs);
  });

  it('has kubepass.yaml and the policy, octet for octet', () => {
    const configuration = readFileSync(join(base, 'kubepass.yaml'), 'utf8');
    expect(named('ConfigMap', 'kubepass-config')?.data).toEqual({ 'kubepass.yaml': configuration });
    const policy = readFileSync(join(base, 'policies/own-name.yaml'), 'utf8');
    expect(named('ConfigMap', 'kubepass-policies')?.data).toEqual({ 'own-name.yaml': policy });
  });

  it('names the image by its digest, and by its tag where there is none', () => {
    const imageIn = (manifest: string) =>
      objectsOf(manifest)
        .find(({ kind }) => kind === 'Deployment')
        ?.spec?.template.spec.containers.map((one) => one.image);
    expect(imageIn(text)).toEqual([`registry.example:5000/team/kubepass@${image.digest}`]);
    expect(imageIn(installManifest(base, version, null))).toEqual([`kubepass:${version}`]);
  });

  it('says above all what has to be edited before', () => {
    const head = (manifest: string) => manifest.slice(0, manifest.indexOf('\n---\n'));
    expect(head(text)).toMatch(/^(?:#.*\n?)+$/);
    expect(head(text)).toContain('the ConfigMap kubepass-config');
    expect(head(text)).toContain('create secret tls kubepass-tls');
    expect(head(text)).not.toContain('name the registry');
    expect(head(installManifest(base, version, null))).toContain(
      `name the registry in which you keep kubepass:${version}`,
    );
  });

  it('keeps the comments of the base', () => {
    expect(text).toContain('# A data dir serves one process');
    expect(text).not.toContain('kustomization');
  });
});

describe('a kustomization that is not understood', () => {
  const refused = (change: (text: string) => string, reason: string) => {
    const directory = temporaryDirectory();
    try {
      cpSync(base, directory.path, { recursive: true });
      const file = join(directory.path, 'kustomization.yaml');
      writeFileSync(file, change(readFileSync(file, 'utf8')));
      expect(() => installManifest(directory.path, version, image)).toThrow(reason);
    } finally {
      directory.remove();
    }
  };

  it.each([
    ['namePrefix', (text: string) => `${text}\nnamePrefix: x\n`],
    [
      'labels[].includeSelectors',
      (text: string) => text.replace('  - pairs:', '  - includeSelectors: true\n    pairs:'),
    ],
    ['images[].digest', (text: string) => text.replace('newTag:', 'digest:')],
    [
      'configMapGenerator[].envs',
      (text: string) => text.replace(/(configMapGenerator:\n(?: *#.*\n)*)( +- )/, '$1$2envs: [x]\n    '),
    ],
  ])('is refused: %s', (field, change) => refused(change, field));

  it('is refused with another image than that of the version', () =>
    refused((text) => text.replace(`newTag: ${version}`, 'newTag: 0.0.1'), 'has the image kubepass:0.0.1'));
});
