// Tests scripts/release/plugin.ts, scripts/release/provenance.ts
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { checksums, provenance, sha256 } from '../../../../scripts/release/provenance.js';
import { krewManifest } from '../../../../scripts/release/plugin.js';

const hex = 'a'.repeat(64);

describe('the manifest for krew', () => {
  const release = { version: '1.2.3', uri: 'https://git.example/v1.2.3/kubectl-kubepass-1.2.3.tgz', sha256: hex };
  const { metadata, spec } = parse(krewManifest({ ...release, repository: 'https://git.example' })) as {
    readonly metadata: { readonly name: string };
    readonly spec: Record<string, unknown> & {
      readonly platforms: readonly Record<string, unknown>[];
      readonly caveats: string;
    };
  };

  it('has one archive for Linux and macOS, and none for Windows', () => {
    expect(metadata.name).toBe('kubepass');
    expect(spec).toMatchObject({ version: 'v1.2.3', homepage: 'https://git.example' });
    expect(spec.platforms.map(({ selector }) => selector)).toEqual(
      ['linux', 'darwin'].flatMap((os) => ['amd64', 'arm64'].map((arch) => ({ matchLabels: { os, arch } }))),
    );
    for (const platform of spec.platforms)
      expect(platform).toMatchObject({ uri: release.uri, sha256: hex, bin: 'kubectl-kubepass.cjs' });
  });

  it('tells of Node and of the completion, which krew does not link', () => {
    expect(spec.caveats).toContain('Node.js 20');
    expect(spec.caveats).toContain('store/kubepass/v1.2.3/kubectl_complete-kubepass.cjs');
  });

  it('has no homepage without a repository', () => {
    expect(krewManifest({ ...release, repository: null })).not.toContain('homepage');
  });
});

describe('the provenance', () => {
  const digests = new Map([['b', hex]]);
  const image = { registry: 'registry.example', repository: 'kubepass', digest: `sha256:${'b'.repeat(64)}` };
  const origin = { commit: { id: 'c'.repeat(40), time: new Date(0) }, lockfile: 'd'.repeat(64), builder: null };

  it('names each artefact and the image, the commit and the lockfile', () => {
    const parameters = { version: '1.2.3', image, repository: 'https://git.example/kubepass', downloads: null };
    expect(provenance(digests, parameters, origin)).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
      subject: [
        { name: 'b', digest: { sha256: hex } },
        { name: 'registry.example/kubepass', digest: { sha256: 'b'.repeat(64) } },
      ],
      predicate: {
        buildDefinition: {
          buildType: expect.stringMatching(/^urn:/) as string,
          externalParameters: {
            version: '1.2.3',
            image: `registry.example/kubepass@${image.digest}`,
            repository: 'https://git.example/kubepass',
          },
          resolvedDependencies: [
            { uri: 'git+https://git.example/kubepass', digest: { gitCommit: 'c'.repeat(40) } },
            { name: 'package-lock.json', digest: { sha256: 'd'.repeat(64) } },
          ],
        },
        runDetails: { builder: { id: 'https://git.example/kubepass' } },
      },
    });
  });

  it('names the machine that it is told, and nobody without a repository', () => {
    const none = { version: '1.2.3', image: null, repository: null, downloads: null };
    const builderOf = (builder: string | null) =>
      (provenance(digests, none, { ...origin, builder }) as { predicate: { runDetails: { builder: { id: string } } } })
        .predicate.runDetails.builder.id;
    expect(builderOf('https://ci.example/workflow@refs/tags/v1.2.3')).toBe(
      'https://ci.example/workflow@refs/tags/v1.2.3',
    );
    expect(builderOf(null)).toBe('urn:kubepass:builder:unknown');
    expect(JSON.stringify(provenance(digests, none, origin))).not.toContain('git.example');
  });
});

it('the checksums are those of sha256sum, in the order of the names', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  expect(
    checksums(
      new Map([
        ['b', hex],
        ['a', sha256('')],
      ]),
    ),
  ).toBe(`${empty}  a\n${hex}  b\n`);
});
