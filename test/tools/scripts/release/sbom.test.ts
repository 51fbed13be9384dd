// Tests scripts/release/sbom.mjs
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Component, sbomAsText, sbomOfBundle, sbomOfImage } from '../../../../scripts/release/sbom.mjs';
import { sbomProblems } from '../../../../.ci/sbom-schema.mjs';
import { temporaryDirectory } from '../../../helpers/temporary-directory.js';

const created = '2026-01-05T12:00:00Z';
const sha512 = (content: string) => createHash('sha512').update(content).digest();
const locked = (name: string, version: string, more: object = {}) => ({
  version,
  integrity: `sha512-${sha512(`${name}@${version}`).toString('base64')}`,
  license: 'MIT',
  ...more,
});
const lockfile = {
  packages: {
    '': {
      name: 'service',
      version: '1.2.3',
      license: 'Apache-2.0',
      workspaces: ['packages/*'],
      dependencies: { a: '1', '@own/w': '1' },
    },
    'node_modules/a': locked('a', '1.0.0', { dependencies: { b: '2' } }),
    'node_modules/b': locked('b', '1.0.0', { license: '(MIT OR Apache-2.0)' }),
    'node_modules/a/node_modules/b': locked('b', '2.0.0'),
    'node_modules/c': locked('c', '1.0.0', { dependencies: { b: '2' } }),
    'node_modules/c/node_modules/b': locked('b', '2.0.0'),
    'node_modules/@s/ui': locked('@s/ui', '3.0.0', { dev: true }),
    'node_modules/tool': locked('tool', '1.0.0', { dev: true }),
    'node_modules/@own/w': { resolved: 'packages/w', link: true },
    'packages/w': { name: '@own/w', version: '1.2.3', license: 'Apache-2.0', dependencies: { c: '1' } },
  },
};

describe('the SBOM of an image', () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let root: string;
  const put = (path: string, content: string | object) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
  };
  const bill = () => sbomOfImage({ root, lockfile: join(directory.path, 'package-lock.json'), created });
  beforeEach(() => {
    directory = temporaryDirectory();
    root = join(directory.path, 'root');
    writeFileSync(join(directory.path, 'package-lock.json'), JSON.stringify(lockfile));
    put('app/package.json', { name: 'service', version: '1.2.3', description: 'A service' });
    put('app/dist/console/assets/licences-0A.txt', '@s/ui 3.0.0\n\nMIT\n');
    for (const folder of [
      'node_modules/a',
      'node_modules/b',
      'node_modules/a/node_modules/b',
      'node_modules/c',
      'node_modules/c/node_modules/b',
      'packages/w',
    ] as const) {
      const { version, ...one } = lockfile.packages[folder];
      put(`app/${folder}/package.json`, { name: 'name' in one ? one.name : folder.replace(/^.*\//, ''), version });
    }
    put('app/node_modules/a/test/package.json', { name: 'fixture', version: '9.9.9' });
    mkdirSync(join(root, 'app/node_modules/@own'));
    symlinkSync('../../packages/w', join(root, 'app/node_modules/@own/w'));
    put('usr/local/bin/node', '\x7fELF https://nodejs.org/download/release/v24.9.8/node-v24.9.8-headers.tar.gz');
    put('etc/os-release', 'NAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n');
    const record = (name: string, version: string, depends: string) =>
      put(
        `var/lib/dpkg/status.d/${name}`,
        `Package: ${name}\nVersion: ${version}\nArchitecture: arm64\nDepends: ${depends}\nDescription: x\n Depends: y\n`,
      );
    record('libstdc++6', '12.2.0-14+deb12u1', 'gcc-12-base (= 12.2.0), libc6 (>= 2.36) | other');
    record('libc6', '1:2.36-9', 'libgcc-s1');
  });
  afterEach(() => directory.remove());

  it('names what is there, each once, with the hashes of the lockfile, and fits the schema of CycloneDX', () => {
    const { metadata, components } = bill();
    expect(sbomProblems(bill())).toEqual([]);
    expect(components.map(({ purl }) => purl)).toEqual([
      'pkg:deb/debian/libc6@1:2.36-9?arch=arm64&distro=debian-12',
      'pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=arm64&distro=debian-12',
      'pkg:generic/node@24.9.8',
      'pkg:npm/%40own/w@1.2.3',
      'pkg:npm/a@1.0.0',
      'pkg:npm/b@1.0.0',
      'pkg:npm/b@2.0.0',
      'pkg:npm/c@1.0.0',
    ]);
    const one = (purl: string) => components.find((component) => component.purl === purl);
    expect(one('pkg:npm/b@2.0.0')?.evidence?.occurrences.map(({ location }) => location)).toEqual([
      '/app/node_modules/a/node_modules/b',
      '/app/node_modules/c/node_modules/b',
    ]);
    expect(one('pkg:npm/a@1.0.0')?.hashes).toEqual([{ alg: 'SHA-512', content: sha512('a@1.0.0').toString('hex') }]);
    expect(one('pkg:npm/b@1.0.0')?.licenses).toEqual([{ expression: '(MIT OR Apache-2.0)' }]);
    const program = createHash('sha256')
      .update(readFileSync(join(root, 'usr/local/bin/node')))
      .digest('hex');
    expect(one('pkg:generic/node@24.9.8')?.hashes).toEqual([{ alg: 'SHA-256', content: program }]);
    expect(metadata).toMatchObject({ timestamp: created, component: { name: 'service', version: '1.2.3' } });
    expect(metadata.component.components?.map(({ purl }) => purl)).toEqual(['pkg:npm/%40s/ui@3.0.0']);
  });

  it('says what each needs, as Node finds it: the nearest first', () => {
    const { dependencies } = bill();
    const needs = Object.fromEntries(dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
    expect(needs['pkg:generic/service@1.2.3']).toEqual([
      'pkg:generic/node@24.9.8',
      'pkg:npm/%40own/w@1.2.3',
      'pkg:npm/a@1.0.0',
    ]);
    expect(needs['pkg:npm/a@1.0.0']).toEqual(['pkg:npm/b@2.0.0']);
    expect(needs['pkg:npm/%40own/w@1.2.3']).toEqual(['pkg:npm/c@1.0.0']);
    expect(needs['pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1?arch=arm64&distro=debian-12']).toEqual([
      'pkg:deb/debian/libc6@1:2.36-9?arch=arm64&distro=debian-12',
    ]);
  });

  it('is the same octets for the same files, and other ones for others', () => {
    const first = sbomAsText(bill());
    expect(sbomAsText(bill())).toBe(first);
    rmSync(join(root, 'app/node_modules/b'), { recursive: true });
    expect(sbomAsText(bill())).not.toBe(first);
    expect(bill().serialNumber).not.toBe((JSON.parse(first) as { serialNumber: string }).serialNumber);
  });

  it('refuses a package that the lockfile does not have, or has as another', () => {
    cpSync(join(root, 'app/node_modules/b'), join(root, 'app/node_modules/x'), { recursive: true });
    expect(bill).toThrow('node_modules/x is b 1.0.0');
    rmSync(join(root, 'app/node_modules/x'), { recursive: true });
    put('app/node_modules/b/package.json', { name: 'b', version: '1.0.1' });
    expect(bill).toThrow('node_modules/b is b 1.0.1');
  });
});

it('of the plugin has the packages that its bundle was made from, and fits the schema', () => {
  const inputs = [
    'packages/kubectl-kubepass/src/a.ts',
    'packages/x509/src/tree/read.ts',
    'node_modules/yaml/dist/index.js',
    'node_modules/yaml/dist/nodes/Node.js',
    'src/programs/kubepass-verify.ts',
  ];
  const bill = sbomOfBundle({ folder: 'packages/kubectl-kubepass', inputs, created });
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string }>;
  };
  const refs = (components: readonly Component[]) => components.map(({ purl }) => purl);
  expect(sbomProblems(bill)).toEqual([]);
  expect(bill.metadata.component.purl).toBe(`pkg:npm/kubectl-kubepass@${version}`);
  expect(refs(bill.components)).toEqual([
    `pkg:generic/kubepass@${version}`,
    `pkg:npm/%40kubepass/x509@${version}`,
    `pkg:npm/yaml@${packages['node_modules/yaml']?.version}`,
  ]);
  expect(bill.dependencies.find(({ ref }) => ref === bill.metadata.component['bom-ref'])?.dependsOn).toEqual(
    refs(bill.components),
  );
});
