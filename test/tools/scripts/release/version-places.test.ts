// Tests scripts/release/version-places.ts
import { describe, expect, it } from 'vitest';
import { readPlace, versionOf, versionPlaces } from '../../../../scripts/release/version-places.js';

const version = versionOf('.');
const places = versionPlaces('.');

/** The files by the versions in them, without those that name none. */
const found = places
  .map((place) => ({ file: place.file, versions: place.find(readPlace('.', place)) }))
  .filter(({ versions }) => versions.length > 0);

describe('the version', () => {
  it.each(found)('of $file is that of package.json', ({ versions }) => {
    expect(versions.filter((one) => one.version !== version)).toEqual([]);
  });

  it('stands in manifests, the lockfile, charts, OpenAPI documents, the base and pages', () => {
    const files = found.map(({ file }) => file);
    expect(files).toEqual(
      expect.arrayContaining([
        'package.json',
        'package-lock.json',
        'packages/console/package.json',
        'packages/inspect/src/command-line/version.ts',
        'deploy/chart/kubepass/Chart.yaml',
        'deploy/chart/kubepass-access/Chart.yaml',
        'openapi/openapi.json',
        'openapi/scim.json',
        'docs/kubectl-plugin.md',
        'packages/kubectl-kubepass/README.md',
      ]),
    );
    expect(files.filter((file) => file.startsWith('deploy/kubernetes/'))).toHaveLength(1);
  });
});

describe('another version', () => {
  it.each(places)('is written into $file and found there again, and nothing else changes', (place) => {
    const text = readPlace('.', place);
    const written = place.write(text, '7.8.9-rc.1');
    expect(place.find(written).map((one) => one.version)).toEqual(place.find(text).map(() => '7.8.9-rc.1'));
    expect(place.write(written, version)).toBe(text);
  });
});

describe('pages', () => {
  const page = places.find(({ file }) => file === 'README.md')!;

  it.each([
    'docker build -t kubepass:1.2.3 .',
    'registry.example/team/kubepass:1.2.3',
    'npm install -g kubectl-kubepass-1.2.3.tgz',
    'kubectl apply -f kubepass-1.2.3.yaml',
    'kubepass-access-1.2.3.tgz',
    'openapi-1.2.3.json',
    'kubectl-kubepass-1.2.3.cdx.json',
    '  rev: v1.2.3',
    'helm install kubepass oci://registry.example/charts/kubepass --version 1.2.3',
    'refs/tags/v1.2.3',
    'git checkout v1.2.3',
    'VERSION=1.2.3',
  ])('name the version in "%s"', (text) => {
    expect(page.find(text)).toEqual([{ where: 'line 1', version: '1.2.3' }]);
  });

  it.each(['as 1.2.3 does with those of 1.2.2', 'helm v3.22.0', 'node:24.21.0-bookworm-slim', 'Kubernetes 1.36.3'])(
    'name another thing in "%s"',
    (text) => {
      expect(page.find(text)).toEqual([]);
    },
  );
});
